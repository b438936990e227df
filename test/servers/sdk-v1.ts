import { randomUUID } from "node:crypto";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { SSEServerTransport } from "@modelcontextprotocol/sdk/server/sse.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { isInitializeRequest } from "@modelcontextprotocol/sdk/types.js";
import { z } from "zod";
import { greet, waitFor } from "./greet.ts";
import type { SdkServer } from "./sdk.ts";

/** A server with sessions: `initialize` opens one, `DELETE` ends it. */
export function startStateful(waits = false): SdkServer {
  const transports = new Map<string, StreamableHTTPServerTransport>();
  return {
    path: "/mcp",
    async handler(request, response, body) {
      const id = request.headers["mcp-session-id"];
      const known = transports.get(String(id));
      if (known !== undefined) return known.handleRequest(request, response, body);
      if (id !== undefined) {
        response.writeHead(404).end();
        return;
      }
      const transport = new StreamableHTTPServerTransport({
        sessionIdGenerator: randomUUID,
        onsessioninitialized: (id) => void transports.set(id, transport),
        onsessionclosed: (id) => void transports.delete(id),
      });
      // An unconnected transport answers 400 itself.
      if (isInitializeRequest(body)) await createServer(waits).connect(transport);
      return transport.handleRequest(request, response, body);
    },
    close: () => closeAll(transports.values()),
  };
}

/** A server without sessions that handles each request on its own and answers in JSON. */
export function startStateless(waits = false): SdkServer {
  return {
    path: "/mcp",
    async handler(request, response, body) {
      const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined, enableJsonResponse: true });
      response.on("close", () => void transport.close());
      await createServer(waits).connect(transport);
      await transport.handleRequest(request, response, body);
    },
    close: async () => {},
  };
}

/** A server with the HTTP+SSE transport of 2024: a stream at `/sse`, messages to `/messages`. */
export function startSse(waits = false): SdkServer {
  const transports = new Map<string, SSEServerTransport>();
  return {
    path: "/sse",
    async handler(request, response, body) {
      const { pathname, searchParams } = new URL(request.url ?? "/", "http://127.0.0.1");
      if (pathname === "/sse" && request.method === "GET") {
        const transport = new SSEServerTransport("/messages", response);
        transports.set(transport.sessionId, transport);
        response.on("close", () => transports.delete(transport.sessionId));
        await createServer(waits).connect(transport);
        return;
      }
      const transport = transports.get(searchParams.get("sessionId") ?? "");
      if (pathname !== "/messages" || transport === undefined) {
        response.writeHead(404, { "content-type": "text/html" }).end(`Cannot ${request.method ?? ""} ${pathname}`);
        return;
      }
      await transport.handlePostMessage(request, response, body);
    },
    close: () => closeAll(transports.values()),
  };
}

function createServer(waits: boolean): McpServer {
  const server = new McpServer({ name: "sdk-v1", version: "1.2.3" });
  server.registerTool("add", { inputSchema: { a: z.number(), b: z.number() } }, ({ a, b }) => ({
    content: [{ type: "text", text: String(a + b) }],
  }));
  server.registerTool("greet", {}, ({ authInfo }) => ({ content: [{ type: "text", text: greet(authInfo) }] }));
  if (waits) server.registerTool("wait", {}, async ({ signal }) => ({ content: await waitFor(signal) }));
  return server;
}

async function closeAll(transports: Iterable<{ close(): Promise<void> }>): Promise<void> {
  for (const transport of [...transports]) await transport.close();
}
