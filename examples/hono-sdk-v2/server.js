// An MCP server (official SDK v2, on Hono) that accepts keys of the store.
//   mcp-keys generate ci && node server.js
import { serve } from "@hono/node-server";
import { createMcpHandler, McpServer } from "@modelcontextprotocol/server";
import { Hono } from "hono";
import { createVerifier, guardFetch, openStore } from "mcp-keys";

const verifier = await createVerifier({ store: await openStore(), log: console.error });
const guard = guardFetch(verifier);
const handler = createMcpHandler(createTools);

const app = new Hono();
app.all("/mcp", ({ req }) => guard(req.raw, (request, authInfo) => handler.fetch(request, { authInfo })));

function createTools() {
  const server = new McpServer({ name: "hono-sdk-v2", version: "1.0.0" });
  server.registerTool("whoami", { description: "Names the key of the caller" }, ({ http }) => ({
    content: [{ type: "text", text: http.authInfo.extra.keyName }],
  }));
  return server;
}

const listener = serve(
  { fetch: app.fetch, hostname: "127.0.0.1", port: Number(process.env.PORT ?? 3000) },
  ({ port }) => console.log(`http://127.0.0.1:${port}/mcp`),
);

process.once("SIGTERM", () => {
  listener.close();
  listener.closeAllConnections();
  // Writes the last-used times.
  void handler.close().then(() => verifier.close());
});
