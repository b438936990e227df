// An MCP server (official SDK v1, no sessions, on node:http alone) that accepts keys of the store.
//   mcp-keys generate ci && node server.js
import { createServer } from "node:http";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { createVerifier, guardNode, openStore } from "mcp-keys";

const verifier = await createVerifier({ store: await openStore(), log: console.error });
const guard = guardNode(verifier);

const listener = createServer((request, response) => guard(request, response, () => answer(request, response)));

async function answer(request, response) {
  // A new transport and server for each request: no sessions.
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined, enableJsonResponse: true });
  response.on("close", () => void transport.close());
  await createTools().connect(transport);
  await transport.handleRequest(request, response);
}

function createTools() {
  const server = new McpServer({ name: "node-http", version: "1.0.0" });
  server.registerTool("whoami", { description: "Names the key of the caller" }, ({ authInfo }) => ({
    content: [{ type: "text", text: authInfo.extra.keyName }],
  }));
  return server;
}

listener.listen(Number(process.env.PORT ?? 3000), "127.0.0.1", () => {
  console.log(`http://127.0.0.1:${listener.address().port}/mcp`);
});

process.once("SIGTERM", () => {
  listener.close();
  listener.closeAllConnections();
  // Writes the last-used times.
  void verifier.close();
});
