import { createServer, type AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { openStore } from "../../../src/stores/index.ts";
import { aWorld } from "../place.ts";

function message(type: string, body: string | Buffer): Buffer {
  const bytes = Buffer.from(body);
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeUInt32BE(bytes.length + 4, 1);
  return Buffer.concat([head, bytes]);
}

test("survives a server that ends the connection in the same packet that ends the login", async () => {
  const login = Buffer.concat([message("R", Buffer.alloc(4)), message("Z", "I")]);
  const fatal = message("E", "SFATAL\0VFATAL\0C57P01\0Mterminating connection due to unexpected postmaster exit\0\0");
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", () => socket.end(Buffer.concat([login, fatal])));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const store = await openStore(`postgres://ada@127.0.0.1:${String(port)}/app`, aWorld());
  await expect(store.list()).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
  await store.close();
});
