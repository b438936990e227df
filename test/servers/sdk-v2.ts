import { toNodeHandler } from "@modelcontextprotocol/node";
import { createMcpHandler, McpServer } from "@modelcontextprotocol/server";
import { z } from "zod";
import { greet, waitFor } from "./greet.ts";
import type { SdkServer } from "./sdk.ts";

/** A server for 2026-07-28 and, without sessions, for the older revisions with a handshake. */
export function startDual(waits = false): SdkServer {
  return start("stateless", waits);
}

/** A server for 2026-07-28 only. */
export function startModernOnly(waits = false): SdkServer {
  return start("reject", waits);
}

function start(legacy: "stateless" | "reject", waits: boolean): SdkServer {
  const handler = createMcpHandler(() => create(waits), { legacy });
  const handle = toNodeHandler(handler);
  return {
    path: "/mcp",
    handler: (request, response, body) => handle(request, response, body),
    close: () => handler.close(),
  };
}

export function createServer(): McpServer {
  return create(false);
}

function create(waits: boolean): McpServer {
  const server = new McpServer({ name: "sdk-v2", version: "4.5.6" });
  server.registerTool("add", { inputSchema: z.object({ a: z.number(), b: z.number() }) }, ({ a, b }) => ({
    content: [{ type: "text", text: String(a + b) }],
  }));
  server.registerTool("greet", {}, ({ http }) => ({ content: [{ type: "text", text: greet(http?.authInfo) }] }));
  if (waits) server.registerTool("wait", {}, async ({ mcpReq }) => ({ content: await waitFor(mcpReq.signal) }));
  return server;
}
