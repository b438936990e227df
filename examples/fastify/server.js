// An MCP server (official SDK v2, on Fastify) that accepts keys of the store; one of its tools needs a scope.
//   mcp-keys generate ci && node server.js
import { createMcpHandler, McpServer } from "@modelcontextprotocol/server";
import { toNodeHandler } from "@modelcontextprotocol/node";
import Fastify from "fastify";
import { createVerifier, guardFastify, openStore } from "mcp-keys";

const verifier = await createVerifier({ store: await openStore(), log: console.error });
const handler = createMcpHandler(createTools);
const answer = toNodeHandler(handler);

const app = Fastify();
// A key without the scope cannot see or call the tool.
await app.register(guardFastify, { verifier, toolScopes: { forget: ["notes:write"] }, openPaths: ["/health"] });
app.get("/health", async () => ({ ready: verifier.ready }));
app.all("/mcp", (request, reply) => answer(request.raw, reply.hijack().raw, request.body));

function createTools() {
  const server = new McpServer({ name: "fastify", version: "1.0.0" });
  server.registerTool("whoami", { description: "Names the key of the caller" }, ({ http }) => ({
    content: [{ type: "text", text: http.authInfo.extra.keyName }],
  }));
  server.registerTool("forget", { description: "Forgets all notes" }, () => ({
    content: [{ type: "text", text: "forgotten" }],
  }));
  return server;
}

// Writes the last-used times.
app.addHook("onClose", () => verifier.close());
process.once("SIGTERM", () => void handler.close().then(() => app.close()));

console.log(`${await app.listen({ host: "127.0.0.1", port: Number(process.env.PORT ?? 3000) })}/mcp`);
