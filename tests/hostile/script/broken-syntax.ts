// No module at all: it does not parse.
export default function ( {
