import { Client as ClientV2, StreamableHTTPClientTransport as HttpV2 } from "@modelcontextprotocol/client";
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport as SseV1 } from "@modelcontextprotocol/sdk/client/sse.js";
import { StreamableHTTPClientTransport as HttpV1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { createMcpHandler, McpServer } from "@modelcontextprotocol/server";
import { serve } from "@hono/node-server";
import fastify from "fastify";
import { Hono } from "hono";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { McpServer as McpServerV1 } from "@modelcontextprotocol/sdk/server/mcp.js";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { guardFastify } from "../../src/server/fastify.ts";
import { guardFetch } from "../../src/server/fetch/guard-fetch.ts";
import type { GuardOptions } from "../../src/server/guard/guard-options.ts";
import { guardNode } from "../../src/server/node/guard-node.ts";
import type { Verifier } from "../../src/server/verifier/verifier.ts";
import { SDK_KINDS, startSdkServer, type SdkKind } from "../servers/sdk.ts";
import { createFixture } from "./fixture.ts";

interface Connected {
  listTools(): Promise<{ tools: { name: string }[] }>;
  callTool(call: { name: string; arguments?: Record<string, unknown> }): Promise<unknown>;
  close(): Promise<void>;
}

const RULES = { scopes: ["read"], toolScopes: { greet: ["admin"] } } satisfies GuardOptions;
const info = { name: "test", version: "1" };

async function connect(kind: string, address: string, token: string): Promise<Connected> {
  const url = new URL(address);
  const requestInit = { headers: { Authorization: `Bearer ${token}` } };
  const client = kind.startsWith("v2")
    ? new ClientV2(info, { versionNegotiation: { mode: "auto" } })
    : new ClientV1(info);
  if (client instanceof ClientV2) await client.connect(new HttpV2(url, { authProvider: { token: async () => token } }));
  else await client.connect(kind === "v1-sse" ? new SseV1(url, { requestInit }) : new HttpV1(url, { requestInit }));
  onTestFinished(() => client.close());
  return client;
}

/** Servers as users write them, with only the guard in front of the SDK. */
const SERVERS: Record<string, (verifier: Verifier, options: GuardOptions) => Promise<string>> = {
  "v2 on hono": async (verifier, options) => {
    const handler = createMcpHandler(() => {
      const server = new McpServer({ name: "hono", version: "1" });
      server.registerTool("add", {}, () => ({ content: [{ type: "text", text: "5" }] }));
      server.registerTool("greet", {}, (ctx) => ({
        content: [{ type: "text", text: `hello ${JSON.stringify(ctx.http?.authInfo?.extra)}` }],
      }));
      return server;
    });
    const guard = guardFetch(verifier, options);
    const app = new Hono();
    app.all("/mcp", (c) => guard(c.req.raw, (request, authInfo) => handler.fetch(request, { authInfo })));
    const server = serve({ fetch: app.fetch, hostname: "127.0.0.1", port: 0 });
    await once(server, "listening");
    onTestFinished(async () => {
      await handler.close();
      server.close();
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
  },
  "v1 on fastify": async (verifier, options) => {
    const app = fastify();
    await app.register(guardFastify, { verifier, ...options });
    app.post("/mcp", async (request, reply) => {
      const server = new McpServerV1({ name: "fastify", version: "1" });
      server.registerTool("add", {}, () => ({ content: [{ type: "text", text: "5" }] }));
      server.registerTool("greet", {}, ({ authInfo }) => ({
        content: [{ type: "text", text: `hello ${JSON.stringify(authInfo?.extra)}` }],
      }));
      const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined });
      await server.connect(transport);
      void reply.hijack();
      await transport.handleRequest(request.raw, reply.raw, request.body);
    });
    onTestFinished(() => app.close());
    return `${await app.listen({ host: "127.0.0.1", port: 0 })}/mcp`;
  },
};
for (const kind of SDK_KINDS) {
  SERVERS[kind] = async (verifier, options) => {
    const running = await startSdkServer(kind, { guard: guardNode(verifier, options) });
    onTestFinished(() => running.close());
    return running.url;
  };
}

test.each(Object.keys(SERVERS))(
  "%s: hides a tool from a key that may not call it, and refuses the call",
  async (kind) => {
    const { verifier, issue } = await createFixture();
    const url = await SERVERS[kind]!(verifier, RULES);
    const reader = await connect(kind, url, await issue("reader", { scopes: ["read"] }));
    const admin = await connect(kind, url, await issue("boss", { scopes: ["read", "admin"] }));
    const names = async (client: Connected) => (await client.listTools()).tools.map(({ name }) => name);

    expect(await names(reader)).toEqual(["add"]);
    expect(await names(admin)).toEqual(["add", "greet"]);
    const add = { name: "add", arguments: { a: 2, b: 3 } };
    expect(await reader.callTool(add)).toMatchObject({ content: [{ text: "5" }] });
    expect(await admin.callTool({ name: "greet" })).toMatchObject({
      content: [{ text: expect.stringMatching(/hello .*"keyName":"boss"/) }],
    });
    const failed: unknown = await reader.callTool({ name: "greet" }).catch((cause: unknown) => cause);
    expect(String(failed)).toMatch(/403|scope/i);
    expect(verifier.counters.refused["insufficient-scope"]).toBeGreaterThan(0);
  },
);

test("refuses another key in a session of an SDK server", async () => {
  const kind: SdkKind = "v1-stateful";
  const { verifier, issue } = await createFixture();
  const url = await SERVERS[kind]!(verifier, {});
  const mine = await issue("mine");
  const theirs = await issue("theirs");
  const transport = new HttpV1(new URL(url), { requestInit: { headers: { Authorization: `Bearer ${mine}` } } });
  const client = new ClientV1(info);
  await client.connect(transport);
  onTestFinished(() => client.close());

  const use = async (token: string, method: string) =>
    fetch(url, {
      method,
      headers: {
        ...{ Authorization: `Bearer ${token}`, "Mcp-Session-Id": transport.sessionId! },
        ...{ Accept: "application/json, text/event-stream", "Content-Type": "application/json" },
      },
      ...(method === "POST" && { body: '{"jsonrpc":"2.0","id":9,"method":"tools/list"}' }),
    });
  for (const method of ["POST", "GET", "DELETE"]) expect((await use(theirs, method)).status).toBe(404);
  expect((await use(mine, "POST")).status).toBe(200);
  expect(await client.listTools()).toMatchObject({ tools: [{ name: "add" }, { name: "greet" }] });
  expect((await use(mine, "DELETE")).status).toBe(200);
  expect((await use(mine, "POST")).ok).toBe(false);
});
