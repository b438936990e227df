// One of several identical MCP servers that follow the same store.
//   MCP_KEYS_STORE=postgres://… NAME=web-1 node server.js
import { createServer } from "node:http";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { createVerifier, guardNode, openStore } from "mcp-keys";

const { NAME = "web", PORT = "3000" } = process.env;
const store = await openStore();
// The name is what `mcp-keys servers` and `--wait` show.
const verifier = await createVerifier({ store, name: NAME, log: console.error });
const guard = guardNode(verifier);

const listener = createServer((request, response) => guard(request, response, () => answer(request, response)));

async function answer(request, response) {
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined, enableJsonResponse: true });
  response.on("close", () => void transport.close());
  await createTools().connect(transport);
  await transport.handleRequest(request, response);
}

function createTools() {
  const server = new McpServer({ name: NAME, version: "1.0.0" });
  server.registerTool("whoami", { description: "Names the key of the caller, and this server" }, ({ authInfo }) => ({
    content: [{ type: "text", text: `${authInfo.extra.keyName} on ${NAME}` }],
  }));
  return server;
}

listener.listen(Number(PORT), "127.0.0.1", () => console.log(`http://127.0.0.1:${listener.address().port}/mcp`));

process.once("SIGTERM", () => {
  listener.close();
  listener.closeAllConnections();
  // Writes the last-used times, and leaves the list of servers that a command waits for.
  void verifier.close().then(() => store.close());
});
