import { randomUUID } from "node:crypto";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { createMcpExpressApp } from "@modelcontextprotocol/sdk/server/express.js";
import { McpServer, ResourceTemplate } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport, type EventStore } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import {
  CompleteRequestSchema,
  isInitializeRequest,
  SetLevelRequestSchema,
  SubscribeRequestSchema,
  UnsubscribeRequestSchema,
} from "@modelcontextprotocol/sdk/types.js";
import type { Request, RequestHandler, Response } from "express";
import { z } from "zod";
import { ASKING_TOOLS, fillTemplate, PROMPTS, RESOURCES, TOOLS } from "./offers.ts";
import type { Served } from "./server.ts";

/** Starts a server of the first SDK generation with sessions, in the SDK's own Express app, which also validates `Host`. */
export async function startV1(guard: RequestHandler | null): Promise<Served> {
  const transports = new Map<string, StreamableHTTPServerTransport>();
  const app = createMcpExpressApp({ host: "127.0.0.1" });
  if (guard !== null) app.use("/mcp", guard);
  app.all("/mcp", async (request: Request, response: Response) => {
    const session = request.headers["mcp-session-id"];
    let transport = transports.get(String(session));
    if (transport === undefined && session !== undefined) {
      response.status(404).json({ jsonrpc: "2.0", error: { code: -32_001, message: "Session not found" }, id: null });
      return;
    }
    // A transport without a session answers 400 on its own.
    transport ??= await open(transports, isInitializeRequest(request.body));
    await transport.handleRequest(request, response, request.body);
  });
  const server = app.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    async close() {
      for (const transport of [...transports.values()]) await transport.close();
      server.closeAllConnections();
      server.close();
    },
  };
}

async function open(
  transports: Map<string, StreamableHTTPServerTransport>,
  connect: boolean,
): Promise<StreamableHTTPServerTransport> {
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    eventStore: createEventStore(),
    retryInterval: 500,
    onsessioninitialized: (id) => void transports.set(id, transport),
    onsessionclosed: (id) => void transports.delete(id),
  });
  if (connect) await createServer(transport).connect(transport);
  return transport;
}

function createServer(transport: StreamableHTTPServerTransport): McpServer {
  const server = new McpServer(
    { name: "interop-v1", version: "1.0.0" },
    { capabilities: { resources: { subscribe: true }, logging: {}, completions: {} } },
  );
  for (const [name, { description, input = {}, run }] of Object.entries({ ...TOOLS, ...ASKING_TOOLS })) {
    server.registerTool(name, { description, inputSchema: input }, async (args, extra) => {
      const content = await run({
        args,
        progressToken: extra._meta?.progressToken,
        notify: (method, params) => extra.sendNotification({ method, params } as never),
        ask: (method, params) => extra.sendRequest({ method, params } as never, z.looseObject({})),
      });
      return { content: content as never };
    });
  }
  server.registerTool("whoami", { description: "Returns the caller", inputSchema: {} }, (_args, { authInfo }) => ({
    content: [{ type: "text", text: JSON.stringify(authInfo ?? null) }],
  }));
  // Closes the stream, so the client must reconnect for the answer, with its key.
  server.registerTool(
    "test_reconnection",
    { description: "Closes the stream", inputSchema: {} },
    async (_args, { requestId }) => {
      transport.closeSSEStream(requestId);
      await new Promise((resolve) => setTimeout(resolve, 100));
      return { content: [{ type: "text", text: "after the break" }] };
    },
  );
  for (const [uri, { mimeType, content }] of Object.entries(RESOURCES)) {
    server.registerResource(uri, uri, { mimeType }, () => ({ contents: [{ uri, mimeType, ...content } as never] }));
  }
  const template = new ResourceTemplate("test://template/{id}/data", { list: undefined });
  server.registerResource("template", template, {}, (uri, { id }) => fillTemplate(uri.href, id));
  for (const [name, { description, input, messages }] of Object.entries(PROMPTS)) {
    const answer = (args: object) => ({
      messages: messages(args as never).map((content) => ({ role: "user", content }) as never),
    });
    if (input === undefined) server.registerPrompt(name, { description }, () => answer({}));
    else server.registerPrompt(name, { description, argsSchema: input }, answer);
  }
  for (const schema of [SubscribeRequestSchema, UnsubscribeRequestSchema, SetLevelRequestSchema] as const) {
    server.server.setRequestHandler(schema as typeof SubscribeRequestSchema, () => ({}));
  }
  server.server.setRequestHandler(CompleteRequestSchema, () => ({ completion: { values: [], total: 0 } }));
  return server;
}

function createEventStore(): EventStore {
  const events: { id: string; stream: string; message: unknown }[] = [];
  return {
    async storeEvent(stream, message) {
      const id = `${stream}/${events.length}`;
      events.push({ id, stream, message });
      return id;
    },
    async replayEventsAfter(last, { send }) {
      const stream = last.slice(0, last.lastIndexOf("/"));
      const from = events.findIndex(({ id }) => id === last) + 1;
      for (const event of events.slice(from)) {
        // The event that marks the start of a stream has no message.
        if (event.stream === stream && Object.keys(event.message as object).length > 0)
          await send(event.id, event.message as never);
      }
      return stream;
    },
  };
}
