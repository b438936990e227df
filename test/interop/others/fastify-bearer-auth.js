// `@fastify/bearer-auth` in front of the SDK's second generation.
import bearerAuth from "@fastify/bearer-auth";
import { toNodeHandler } from "@modelcontextprotocol/node";
import { createMcpHandler, McpServer } from "@modelcontextprotocol/server";
import fastify from "fastify";
import { ADDRESS, createTools, KEYS } from "./server.js";

const answer = toNodeHandler(createMcpHandler(() => createTools(McpServer)));
const app = fastify();
await app.register(bearerAuth, { keys: new Set(KEYS) });
app.all("/mcp", (request, reply) => answer(request.raw, reply.hijack().raw, request.body));
await app.listen({ host: ADDRESS.host, port: ADDRESS.port });
