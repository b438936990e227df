// An MCP server (official SDK v2, on Fastify) that lets in who has a key of the store; one of its tools needs a scope.
//   mcp-keys generate ci && node server.js
import { createMcpHandler, McpServer } from "@modelcontextprotocol/server";
import { toNodeHandler } from "@modelcontextprotocol/node";
import Fastify from "fastify";
import { createVerifier, guardFastify, openStore } from "mcp-keys";

const verifier = await createVerifier({ store: await openStore(), log: console.error });
const handler = createMcpHandler(createTools);
const answer = toNodeHandler(handler);

const app = Fastify();
// A key without the scope neither sees the tool nor may call it.
await app.register(guardFastify, { verifier, toolScopes: { forget: ["notes:write"] }, openPaths: ["/health"] });
app.get("/health", async () => ({ ready: verifier.ready }));
app.all("/mcp", (request, reply) => answer(request.raw, reply.hijack().raw, request.body));

function createTools() {
  const server = new McpServer({ name: "fastify", version: "1.0.0" });
  server.registerTool("whoami", { description: "Which key opened the door" }, ({ http }) => ({
    content: [{ type: "text", text: http.authInfo.extra.keyName }],
  }));
  server.registerTool("forget", { description: "Forgets all notes" }, () => ({
    content: [{ type: "text", text: "forgotten" }],
  }));
  return server;
}

// Writes when keys were last used.
app.addHook("onClose", () => verifier.close());
process.once("SIGTERM", () => void handler.close().then(() => app.close()));

console.log(`${await app.listen({ host: "127.0.0.1", port: Number(process.env.PORT ?? 3000) })}/mcp`);
