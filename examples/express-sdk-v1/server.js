// An MCP server (official SDK v1, stateful, on Express) that accepts keys of the store.
//   mcp-keys generate ci && node server.js
import { randomUUID } from "node:crypto";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { isInitializeRequest } from "@modelcontextprotocol/sdk/types.js";
import express from "express";
import { createVerifier, guardNode, openStore } from "mcp-keys";

const verifier = await createVerifier({ store: await openStore(), log: console.error });

const app = express();
app.use("/mcp", guardNode(verifier));

/** Session id → its transport. */
const sessions = new Map();

app.all("/mcp", express.json(), async (request, response) => {
  const id = request.get("mcp-session-id");
  const transport = id === undefined ? await openSession(request.body) : sessions.get(id);
  if (transport === undefined) {
    const error = { code: -32_001, message: id === undefined ? "no session" : "unknown session" };
    response.status(id === undefined ? 400 : 404).json({ jsonrpc: "2.0", error, id: null });
    return;
  }
  await transport.handleRequest(request, response, request.body);
});

async function openSession(message) {
  if (!isInitializeRequest(message)) return undefined;
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    onsessioninitialized: (id) => void sessions.set(id, transport),
    onsessionclosed: (id) => void sessions.delete(id),
  });
  await createTools().connect(transport);
  return transport;
}

function createTools() {
  const server = new McpServer({ name: "express-sdk-v1", version: "1.0.0" });
  server.registerTool("whoami", { description: "Names the key of the caller" }, ({ authInfo }) => ({
    content: [{ type: "text", text: authInfo.extra.keyName }],
  }));
  return server;
}

const listener = app.listen(Number(process.env.PORT ?? 3000), "127.0.0.1", () => {
  console.log(`http://127.0.0.1:${listener.address().port}/mcp`);
});

process.once("SIGTERM", () => {
  listener.close();
  listener.closeAllConnections();
  // Writes the last-used times.
  void verifier.close();
});
