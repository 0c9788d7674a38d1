// A proxy that delays everything by half a round trip each way, and can be cut. It stands between an agent and its
// harbor where a real distance would be.

import { connect, createServer } from "node:net";

/** Passes on what comes after a delay, in order, whatever the load. */
function passOn(from, to, milliseconds) {
  from.on("data", (bytes) => {
    const due = performance.now() + milliseconds;
    setTimeout(() => to.writable && to.write(bytes), Math.max(0, due - performance.now()));
  });
  from.on("end", () => setTimeout(() => to.end(), milliseconds));
  from.on("error", () => to.destroy());
  from.on("close", () => setTimeout(() => to.destroy(), milliseconds));
}

/** Listens on a free port of the loopback address. */
export function delayTo(port, roundTripMilliseconds) {
  return new Promise((resolve) => {
    const sockets = new Set();
    const server = createServer({ noDelay: true }, (near) => {
      const far = connect({ port, host: "127.0.0.1", noDelay: true });
      for (const socket of [near, far]) {
        sockets.add(socket);
        socket.once("close", () => sockets.delete(socket));
      }
      passOn(near, far, roundTripMilliseconds / 2);
      passOn(far, near, roundTripMilliseconds / 2);
    });
    server.listen(0, "127.0.0.1", () => resolve({
      port: server.address().port,
      close() {
        for (const socket of sockets) socket.destroy();
        server.close();
      },
    }));
  });
}
