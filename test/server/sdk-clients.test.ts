import {
  Client as ClientV2,
  SSEClientTransport as SseV2,
  StreamableHTTPClientTransport as HttpV2,
  UnauthorizedError,
} from "@modelcontextprotocol/client";
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport as SseV1 } from "@modelcontextprotocol/sdk/client/sse.js";
import { StreamableHTTPClientTransport as HttpV1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { expect, onTestFinished, test } from "vitest";
import { guardNode } from "../../src/server/node/guard-node.ts";
import type { Running } from "../servers/listen.ts";
import { startSdkServer, type SdkKind } from "../servers/sdk.ts";
import { createFixture, until } from "./fixture.ts";

/** The methods that both SDK versions share. */
interface Connected {
  listTools(): Promise<{ tools: { name: string }[] }>;
  callTool(call: { name: string; arguments?: Record<string, unknown> }): Promise<unknown>;
  close(): Promise<void>;
}
type Connect = (url: URL, token: string) => Promise<Connected>;

const info = { name: "test", version: "1" };
const bearer = (token: string) => ({ requestInit: { headers: { Authorization: `Bearer ${token}` } } });
const provided = (token: string) => ({ authProvider: { token: async () => token } });

const CLIENTS = {
  "sdk 1.x": async (url, token) => {
    const client = new ClientV1(info);
    await client.connect(new HttpV1(url, bearer(token)));
    return client;
  },
  "sdk 1.x over SSE": async (url, token) => {
    const client = new ClientV1(info);
    await client.connect(new SseV1(url, bearer(token)));
    return client;
  },
  "client 2.x": async (url, token) => {
    const client = new ClientV2(info);
    await client.connect(new HttpV2(url, provided(token)));
    return client;
  },
  "client 2.x, both eras": async (url, token) => {
    const client = new ClientV2(info, { versionNegotiation: { mode: "auto" } });
    await client.connect(new HttpV2(url, provided(token)));
    return client;
  },
  "client 2.x over SSE": async (url, token) => {
    const client = new ClientV2(info);
    await client.connect(new SseV2(url, provided(token)));
    return client;
  },
} as const satisfies Record<string, Connect>;
type ClientName = keyof typeof CLIENTS;

const HTTP: readonly ClientName[] = ["sdk 1.x", "client 2.x", "client 2.x, both eras"];

/** Server → the clients that support its transport. */
const SPEAKERS: Readonly<Record<SdkKind, readonly ClientName[]>> = {
  "v1-stateful": HTTP,
  "v1-stateless": HTTP,
  "v1-sse": ["sdk 1.x over SSE", "client 2.x over SSE"],
  "v2-dual": HTTP,
  "v2-modern-only": ["client 2.x, both eras"],
};
const PAIRS = Object.entries(SPEAKERS).flatMap(([kind, names]) =>
  names.map((name) => [name, kind as SdkKind] as const),
);

test.each(PAIRS)("%s connects to %s with a key, and the tools see the caller", async (name, kind) => {
  const { url, seen, token } = await startGuarded(kind);
  const client: Connected = await CLIENTS[name](new URL(url), token);
  onTestFinished(() => client.close());

  const { tools } = await client.listTools();
  expect(tools.map((tool) => tool.name)).toEqual(["add", "greet"]);
  expect(await client.callTool({ name: "add", arguments: { a: 2, b: 3 } })).toMatchObject({ content: [{ text: "5" }] });

  const greeting = (await client.callTool({ name: "greet" })) as { content: [{ text: string }] };
  const keyId = token.split("_")[1];
  expect(JSON.parse(greeting.content[0].text.replace("hello ", ""))).toMatchObject({
    ...{ clientId: keyId, scopes: ["notes:read"], extra: { keyId, keyName: "ci", version: 1 } },
  });
  expect(greeting.content[0].text).not.toContain(token.slice(-20));
  expect(seen.every(({ authorization }) => authorization === `Bearer ${token}`)).toBe(true);
});

test.each(PAIRS)("%s with an unknown key gets an authorization error from %s", async (name, kind) => {
  const { url } = await startGuarded(kind);
  const { token: ofAnother } = await startGuarded(kind);
  const failed = await CLIENTS[name](new URL(url), ofAnother).catch((cause: unknown) => cause);
  expectUnauthorized(name, failed);
});

test.each(PAIRS)("%s keeps working with %s after a rotation, and stops after a revocation", async (name, kind) => {
  const { url, token, rotate, keys, followed } = await startGuarded(kind);
  const client: Connected = await CLIENTS[name](new URL(url), token);
  onTestFinished(() => client.close());
  await rotate("ci", 3600);
  expect(await client.listTools()).toMatchObject({ tools: [{ name: "add" }, { name: "greet" }] });
  await keys.revoke("ci");
  await followed();
  const failed = await client.listTools().catch((cause: unknown) => cause);
  expectUnauthorized(name, failed);
});

test.each(PAIRS)("%s sees a call to %s end when its key is revoked, and then gets 401", async (name, kind) => {
  const { client, revoke, errors } = await startWaiting(name, kind);
  await revoke();
  await until(() => errors.length > 0);
  expect(errors.join()).toMatch(/terminated|fetch failed/);
  expectUnauthorized(name, await client.listTools().catch((cause: unknown) => cause));
});

test("clients try an ended stream again after a second and get 401, not in a hot loop", async () => {
  const waiting = await Promise.all(
    (["sdk 1.x", "client 2.x"] as const).map((name) => startWaiting(name, "v1-stateful")),
  );
  for (const { seen, revoke } of waiting) {
    await until(() => seen.some(({ method }) => method === "GET"));
    await revoke();
  }
  const before = waiting.map(({ seen }) => seen.length);
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  const again = waiting.map(({ seen }, i) => seen.slice(before[i]).map(({ method }) => method));
  expect(again).toEqual([["GET"], ["GET"]]);
  for (const { errors } of waiting) expect(errors.join()).toContain("Unauthorized");
});

/** Connects a client to a server, and calls a tool that does not answer. */
async function startWaiting(name: ClientName, kind: SdkKind) {
  const { url, seen, token, keys, verifier } = await startGuarded(kind, true);
  const client: Connected & { onerror?: (error: Error) => void } = await CLIENTS[name](new URL(url), token);
  onTestFinished(() => client.close());
  const errors: string[] = [];
  client.onerror = (error) => errors.push(String(error));
  const posts = () => seen.filter(({ method }) => method === "POST").length;
  const before = posts();
  void client.callTool({ name: "wait" }).catch((error: unknown) => errors.push(String(error)));
  await until(() => posts() > before);
  const revoke = async () => {
    await keys.revoke("ci");
    await until(() => verifier.counters.streamsClosed.revoked > 0);
  };
  return { client, seen, errors, revoke };
}

/** SDK v1 uses the error class for OAuth only: one transport has the status in `code`, the other in the message. */
function expectUnauthorized(name: ClientName, failed: unknown): void {
  if (name.startsWith("client 2.x")) expect(failed).toBeInstanceOf(UnauthorizedError);
  else if (name === "sdk 1.x") expect(failed).toMatchObject({ code: 401 });
  else expect(String(failed)).toContain("401");
}

async function startGuarded(kind: SdkKind, waits = false) {
  const fixture = await createFixture();
  const token = await fixture.issue("ci", { scopes: ["notes:read"] });
  const running: Running = await startSdkServer(kind, { guard: guardNode(fixture.verifier), waits });
  onTestFinished(() => running.close());
  return { ...fixture, ...running, token };
}
