// Never gets as far as its export: the module's own code does not end.
for (;;);
export default () => 1;
