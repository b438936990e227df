import { once } from "node:events";
import { connect, createServer, type AddressInfo } from "node:net";

/** Finds a free port of 127.0.0.1, for a program that cannot choose one itself. */
export async function findPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** Returns whether a program listens at a port of 127.0.0.1. */
export function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const settleWith = (found: boolean) => () => {
      socket.destroy();
      resolve(found);
    };
    socket.on("connect", settleWith(true)).on("error", settleWith(false));
  });
}
