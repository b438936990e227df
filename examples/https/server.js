// An MCP server (official SDK v2) on HTTPS that accepts keys of the store. Without a certificate it serves
// only this machine, because a key sent in the clear can be read on the way.
//   sh certificates.sh tls && TLS_CERT=tls/server.pem TLS_KEY=tls/server.key node server.js
import { readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import { toNodeHandler } from "@modelcontextprotocol/node";
import { createMcpHandler, McpServer } from "@modelcontextprotocol/server";
import { createVerifier, guardNode, openStore } from "mcp-keys";

const { HOST = "127.0.0.1", PORT = "3000", TLS_CERT, TLS_KEY } = process.env;
const isSecure = Boolean(TLS_CERT && TLS_KEY);
if (!isSecure && HOST !== "127.0.0.1") {
  console.error(`plain http on ${HOST} would send keys in the clear: set TLS_CERT and TLS_KEY`);
  process.exit(2);
}

const verifier = await createVerifier({ store: await openStore(), log: console.error });
const guard = guardNode(verifier);
const handler = createMcpHandler(createTools);
const answer = toNodeHandler(handler);
const onRequest = (request, response) => guard(request, response, () => answer(request, response));

function createTools() {
  const server = new McpServer({ name: "https", version: "1.0.0" });
  server.registerTool("whoami", { description: "Names the key of the caller" }, ({ http: { authInfo } }) => ({
    content: [{ type: "text", text: authInfo.extra.keyName }],
  }));
  return server;
}

const listener = isSecure
  ? https.createServer({ cert: readFileSync(TLS_CERT), key: readFileSync(TLS_KEY) }, onRequest)
  : http.createServer(onRequest);
listener.listen(Number(PORT), HOST, () => {
  console.log(`${isSecure ? "https" : "http"}://${HOST}:${listener.address().port}/mcp`);
});

process.once("SIGTERM", () => {
  listener.close();
  listener.closeAllConnections();
  // Writes the last-used times.
  void handler.close().then(() => verifier.close());
});
