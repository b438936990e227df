import { once } from "node:events";
import { createSecureServer } from "node:http2";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { randomBytes } from "node:crypto";
import { createHttpRequest } from "../../../src/http/client.ts";
import { createCertificate } from "../../servers/certificate.ts";
import { listenOn } from "../../servers/listen.ts";
import { startServer, type Mistake } from "../servers/configurable-server.ts";
import { readKey, serveSite, settle, type MadeServer, type Make } from "./make.ts";
import { admitBy, isSame } from "./opaque.ts";

/** Servers with another transport or era than the common ones. */
export const TRANSPORT_MAKES: readonly Make[] = [
  { name: "over HTTP/2 and TLS, which takes HTTP/1.1 too", start: startHttp2 },
  { name: "that shares its port with a WebSocket, which needs the key too", start: startWithSocket },
  { name: "of the legacy era only, written by hand", start: (open) => startByHand(open, { eras: "legacy" }) },
  { name: "of the modern era only, written by hand", start: (open) => startByHand(open, { eras: "modern" }) },
  {
    name: "of the legacy era, with sessions, written by hand",
    unbounded: true,
    start: (open) => startByHand(open, { eras: "legacy", stateful: true }),
  },
  { name: "of HTTP+SSE, written by hand", unbounded: true, start: (open) => startByHand(open, { eras: "sse" }) },
];

async function startHttp2(open: boolean): Promise<MadeServer> {
  const key = `tok_${randomBytes(24).toString("base64url")}`;
  const made = createCertificate({ host: "127.0.0.1", days: 20 });
  const answer = settle(serveSite({ admit: admitBy((sent) => isSame(sent, key)) }, open));
  const server = createSecureServer({ ...made, allowHTTP1: true }, (request, response) => {
    answer(request as unknown as IncomingMessage, response as unknown as ServerResponse);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `https://127.0.0.1:${String(port)}/mcp`,
    key,
    request: createHttpRequest({ ca: made.cert }),
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** Node passes requests with an `Upgrade` header to other listeners. Without one, it answers them as usual. */
async function startWithSocket(open: boolean): Promise<MadeServer> {
  const key = `tok_${randomBytes(24).toString("base64url")}`;
  const isKnown = (sent: string): boolean => isSame(sent, key);
  const server = createServer(settle(serveSite({ admit: admitBy(isKnown) }, open)));
  server.on("upgrade", (request, socket) => {
    const status = isKnown(readKey(request) ?? "") ? "501 Not Implemented" : "401 Unauthorized";
    socket.end(
      `HTTP/1.1 ${status}\r\nWWW-Authenticate: Bearer realm="mcp"\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
    );
  });
  const { url, close } = await listenOn(server);
  return { url, close, key };
}

async function startByHand(open: boolean, mistake: Mistake): Promise<MadeServer> {
  const key = `tok_${randomBytes(24).toString("base64url")}`;
  const { url, close } = await startServer([key], { ...mistake, ...(open ? { isGuarded: () => false } : {}) });
  return { url, close, key, tool: "add" };
}
