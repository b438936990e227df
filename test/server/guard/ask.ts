import { once } from "node:events";
import { createServer, request as send, type IncomingMessage, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/** Starts a server, sends it one GET, and returns the status after the complete response. */
export async function ask(listener: RequestListener, path = "/"): Promise<number> {
  const server = createServer(listener);
  onTestFinished(() => void server.close());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const request = send({ host: "127.0.0.1", port: (server.address() as AddressInfo).port, path }).end();
  const [response] = (await once(request, "response")) as [IncomingMessage];
  response.resume();
  await once(response, "end");
  return response.statusCode ?? 0;
}
