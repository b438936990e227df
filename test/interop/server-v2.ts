import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { toNodeHandler } from "@modelcontextprotocol/node";
import {
  createMcpHandler,
  hostHeaderValidationResponse,
  inputRequired,
  localhostAllowedHostnames,
  localhostAllowedOrigins,
  McpServer,
  originValidationResponse,
  ResourceTemplate,
  type McpHttpHandler,
} from "@modelcontextprotocol/server";
import { z } from "zod";
import type { FetchAdmission } from "../../src/server/fetch/guard-fetch.ts";
import { fillTemplate, PROMPTS, RESOURCES, TOOLS } from "./offers.ts";
import type { Served } from "./server.ts";

type FetchGuard = (request: Request) => Promise<FetchAdmission>;

/** Starts a server of the second SDK generation, which speaks both eras, as a handler of `Request` and `Response`. */
export async function startV2(guard: FetchGuard | null): Promise<Served> {
  const handler = createMcpHandler(() => createServer(() => handler));
  const handle = toNodeHandler({
    async fetch(request, options) {
      const rejection =
        hostHeaderValidationResponse(request, localhostAllowedHostnames()) ??
        originValidationResponse(request, localhostAllowedOrigins());
      if (rejection !== undefined) return rejection;
      const admission = await guard?.(request);
      if (admission?.ok === false) return admission.response;
      return handler.fetch(request, { ...options, ...(admission !== undefined && { authInfo: admission.auth }) });
    },
  });
  const server = createHttpServer((request, response) => void handle(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    async close() {
      await handler.close();
      server.closeAllConnections();
      server.close();
    },
  };
}

function createServer(handler: () => McpHttpHandler): McpServer {
  const server = new McpServer(
    { name: "interop-v2", version: "2.0.0" },
    {
      capabilities: {
        ...{ tools: { listChanged: true }, prompts: { listChanged: true }, resources: { subscribe: true } },
        ...{ logging: {}, completions: {} },
      },
    },
  );
  for (const [name, { description, input = {}, run }] of Object.entries(TOOLS)) {
    server.registerTool(name, { description, inputSchema: z.object(input) }, async (args, { mcpReq }) => {
      const content = await run({
        args,
        progressToken: mcpReq._meta?.progressToken,
        notify: (method, params) => mcpReq.notify({ method, params } as never),
        ask: () => Promise.reject(new Error("this server cannot send requests")),
      });
      return { content: content as never };
    });
  }
  const textResult = (what: string) => ({ content: [{ type: "text" as const, text: what }] });
  const nothing = { description: "For the suite", inputSchema: z.object({}) };
  server.registerTool("whoami", nothing, (_args, { http }) => textResult(JSON.stringify(http?.authInfo ?? null)));
  server.registerTool("test_streaming_elicitation", nothing, () => textResult("this stream has no server request"));
  server.registerTool("test_logging_tool", nothing, async (_args, { mcpReq }) => {
    await mcpReq.log("info", "for the client that asked for it");
    return textResult("logged");
  });
  server.registerTool("test_missing_capability", nothing, (_args, { mcpReq }) => {
    if (mcpReq.inputResponses?.["answer"] !== undefined) return textResult("answered");
    const messages = [{ role: "user" as const, content: { type: "text" as const, text: "Say a word" } }];
    return inputRequired({ inputRequests: { answer: inputRequired.createMessage({ messages, maxTokens: 16 }) } });
  });
  server.registerTool("test_trigger_tool_change", nothing, () => {
    handler().notify.toolsChanged();
    return textResult("notified");
  });
  server.registerTool("test_trigger_prompt_change", nothing, () => {
    handler().notify.promptsChanged();
    return textResult("notified");
  });
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
    else server.registerPrompt(name, { description, argsSchema: z.object(input) }, answer);
  }
  server.server.setRequestHandler("completion/complete", () => ({ completion: { values: [], total: 0 } }));
  return server;
}
