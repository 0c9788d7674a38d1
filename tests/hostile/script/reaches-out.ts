// Tries whatever a script may try to touch the machine or the network. Prints what worked; that must be nothing.
const scope = globalThis as any;

/** Functions that were made far from here may see another global object. */
const elsewhere = (code: string) => new Function(`return (${code})`)();

const attempts: Record<string, () => unknown> = {
  readFile: () => scope.Deno.readTextFileSync("/etc/passwd"),
  readFileLater: () => scope.Deno.readTextFile("/etc/passwd"),
  writeFile: () => scope.Deno.writeTextFileSync("/tmp/ptorrent-was-here", "x"),
  environment: () => Object.keys(scope.Deno.env.toObject()).length,
  oneVariable: () => scope.Deno.env.get("PATH"),
  nodeEnvironment: () => scope.process.env.PATH.length,
  command: () => new scope.Deno.Command("id").outputSync(),
  listen: () => scope.Deno.listen({ port: 0 }),
  connect: () => scope.Deno.connect({ hostname: "127.0.0.1", port: 80 }),
  resolve: () => scope.Deno.resolveDns("localhost", "A"),
  fetch: () => fetch("http://127.0.0.1:9/"),
  fetchData: () => fetch("data:text/plain,hello").then((answer) => answer.text()),
  fetchFile: () => fetch("file:///etc/passwd").then((answer) => answer.text()),
  webSocket: () => opens(new WebSocket("ws://127.0.0.1:9/")),
  eventSource: () => opens(new scope.EventSource("http://127.0.0.1:9/")),
  nodeFiles: async () => (await import(String("node:fs"))).readFileSync("/etc/passwd"),
  nodeProcess: async () => (await import(String("node:child_process"))).execSync("id"),
  nodeWorker: async () => new ((await import(String("node:worker_threads"))).Worker)("x"),
  nodeNet: async () => (await import(String("node:net"))).createServer().listen(0),
  nodeVm: async () => (await import(String("node:vm"))).runInThisContext("Deno.readTextFileSync('/etc/passwd')"),
  importData: () => import(String("data:text/javascript,export default 1")),
  importFile: () => import(String("file:///etc/passwd")),
  importWeb: () => import(String("https://example.com/x.js")),
  require: () => scope.require("fs"),
  nodeRequire: () => scope.process.getBuiltinModule("fs").readFileSync("/etc/passwd"),
  binding: () => scope.process.binding("fs"),
  internals: () => scope.Deno[scope.Deno.internal].core.ops.op_read_file_sync("/etc/passwd"),
  symbols: () => Object.getOwnPropertySymbols(scope.Deno).map((key) => scope.Deno[key].core.ops).length,
  elsewhere: () => elsewhere("Deno.readTextFileSync('/etc/passwd')"),
  constructorTrick: () => (() => {}).constructor("return Deno.readTextFileSync('/etc/passwd')")(),
  asyncTrick: () => (async () => {}).constructor("return Deno.readTextFile('/etc/passwd')")(),
  foreignLibrary: () => scope.Deno.dlopen("libc.so.6", {}),
  worker: () => new Worker("data:text/javascript,1", { type: "module" }),
  sharedMemory: () => new SharedArrayBuffer(8),
  sharedByWasm: () => new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }).buffer,
  broadcast: () => new scope.BroadcastChannel("x").postMessage("x"),
  localStorage: () => scope.localStorage.setItem("x", "from another program"),
  caches: () => scope.caches.open("x"),
  database: () => opens(scope.indexedDB.open("x")),
  keyValue: () => scope.Deno.openKv(),
  gpu: () => scope.navigator.gpu.requestAdapter().then(present),
  prompt: () => scope.prompt("what is your passphrase?"),
  permission: () => scope.Deno.permissions.requestSync({ name: "read" }).state === "granted" || refuse(),
  programPath: () => scope.Deno.execPath(),
  workingFolder: () => scope.Deno.cwd(),
  hostName: () => scope.Deno.hostname(),
  mainModule: () => scope.Deno.mainModule.length,
  standardInput: () => scope.Deno.stdin.readSync(new Uint8Array(16)),
  kill: () => scope.Deno.kill(scope.Deno.ppid, "SIGCONT"),
  timer: () => new Promise((done) => scope.setTimeout(done, 1)),
  timerText: () => scope.setInterval("Deno.exit(1)", 1),
  import_meta: () => ((import.meta as any).filename ?? refuse()).length,
};

function refuse(): never {
  throw new Error("refused");
}

function present(value: unknown): unknown {
  return value ?? refuse();
}

function opens(socket: any): Promise<void> {
  return new Promise((done, failed) => {
    socket.onopen = socket.onsuccess = () => done();
    socket.onerror = socket.onclose = () => failed(new Error("closed"));
  });
}

/** Called once for each index; the parameter `only` chooses one attempt. */
export default async function ({ parameters }: { parameters: Record<string, string> }): Promise<string> {
  const worked: string[] = [];
  for (const [name, attempt] of Object.entries(attempts)) {
    if (parameters.only !== undefined && parameters.only !== name) continue;
    try {
      await attempt();
      worked.push(name);
    } catch {
      // Refused, as it should be.
    }
  }
  return worked.join(" ");
}
