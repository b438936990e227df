import { toNodeHandler } from "@modelcontextprotocol/node";
import { createMcpHandler, McpServer } from "@modelcontextprotocol/server";
import { z } from "zod";
import { greet } from "./greet.ts";
import type { SdkServer } from "./sdk.ts";

/** A server for 2026-07-28 and, without sessions, for the older revisions with a handshake. */
export function startDual(): SdkServer {
  return start("stateless");
}

/** A server for 2026-07-28 only. */
export function startModernOnly(): SdkServer {
  return start("reject");
}

function start(legacy: "stateless" | "reject"): SdkServer {
  const handler = createMcpHandler(createServer, { legacy });
  const handle = toNodeHandler(handler);
  return {
    path: "/mcp",
    handler: (request, response, body) => handle(request, response, body),
    close: () => handler.close(),
  };
}

export function createServer(): McpServer {
  const server = new McpServer({ name: "sdk-v2", version: "4.5.6" });
  server.registerTool("add", { inputSchema: z.object({ a: z.number(), b: z.number() }) }, ({ a, b }) => ({
    content: [{ type: "text", text: String(a + b) }],
  }));
  server.registerTool("greet", {}, ({ http }) => ({ content: [{ type: "text", text: greet(http?.authInfo) }] }));
  return server;
}
