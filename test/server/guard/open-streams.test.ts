import { once } from "node:events";
import { Agent, createServer, request as send, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import express, { type RequestHandler } from "express";
import { expect, onTestFinished, test } from "vitest";
import { guardNode } from "../../../src/server/node/guard-node.ts";
import { createKeys } from "../../../src/keys/keys.ts";
import { createVerifier, type Verifier } from "../../../src/server/verifier/verifier.ts";
import { openMemoryStore } from "../../../src/stores/memory.ts";
import type { KeyStore } from "../../../src/stores/store.ts";
import { createFixture, until, type Fixture } from "../fixture.ts";
import { listen } from "../listen.ts";
import { startStreams, STREAM_SERVERS, type ClientStream } from "./stream-servers.ts";

const closed = (streams: readonly ClientStream[]) => until(() => streams.every((stream) => !stream.isOpen()));

test.each(STREAM_SERVERS)("%s: ends the streams of a revoked key, and no others", async (name) => {
  const { verifier, issue, keys, rotate } = await createFixture();
  const tokens = { ci: await issue("ci"), other: await issue("other") };
  const server = await startStreams(name, verifier);
  const revoked = [await server.open(tokens.ci), await server.open(await rotate("ci", 3600))];
  const other = await server.open(tokens.other);
  expect([...server.streams]).toEqual(["ci 1", "ci 2", "other 1"]);

  await keys.revoke("ci");
  await closed(revoked);
  await until(() => server.streams.size === 1);
  expect([other.isOpen(), ...server.streams]).toEqual([true, "other 1"]);
  expect(verifier.counters.streamsClosed).toMatchObject({ revoked: 2, expired: 0 });
  expect((await server.open(tokens.ci)).status).toBe(401);
});

test("ends a stream within a second of its key's expiry or the end of its overlap", async () => {
  const { verifier, issue, rotate, clock } = await createFixture();
  const node = await startStreams("node:http", verifier);
  const hono = await startStreams("hono", verifier);
  const open = async (token: string) => [await node.open(token), await hono.open(token)];
  const expiring = await open(await issue("expiring", { expiresAt: clock.now + 50 }));
  const old = await open(await issue("ci"));
  const current = await open(await rotate("ci", 60));
  clock.now += 50;
  await closed(expiring);
  expect([...old, ...current].map((stream) => stream.isOpen())).toEqual([true, true, true, true]);
  clock.now += 10;
  await closed(old);
  expect(current.map((stream) => stream.isOpen())).toEqual([true, true]);
  expect(verifier.counters.streamsClosed).toMatchObject({ expired: 4, revoked: 0 });
});

test.each([
  ["disabled", "disabled", ({ keys }: Fixture) => keys.disable("ci")],
  ["narrowed", "updated", ({ keys }: Fixture) => keys.update("ci", { scopes: ["read"] })],
] as const)("ends the streams of a key that is %s", async (_, reason, change) => {
  const fixture = await createFixture();
  const { verifier, issue } = fixture;
  const server = await startStreams("node:http", verifier);
  const stream = await server.open(await issue("ci", { scopes: ["read", "write"] }));
  await change(fixture);
  await closed([stream]);
  expect(verifier.counters.streamsClosed[reason]).toBe(1);
});

test("keeps the streams of a key that gets a scope, is rotated or renamed", async () => {
  const { verifier, issue, rotate, keys, followed } = await createFixture();
  const server = await startStreams("node:http", verifier);
  const stream = await server.open(await issue("ci", { scopes: ["read"] }));
  await keys.update("ci", { scopes: ["read", "write"], note: "for the build" });
  await rotate("ci", 3600);
  await followed();
  expect(stream.isOpen()).toBe(true);
});

test("keeps the streams of a revoked key if the guard has openStreams: keep", async () => {
  const { verifier, issue, keys, followed } = await createFixture();
  const token = await issue("ci");
  const kept = await (await startStreams("node:http", verifier, { openStreams: "keep" })).open(token);
  const ended = await (await startStreams("node:http", verifier)).open(token);
  await keys.revoke("ci");
  await followed();
  await closed([ended]);
  expect([kept.isOpen(), verifier.counters.streamsClosed.revoked]).toEqual([true, 1]);
});

test("ends a stream that has lasted for more than a tick, and forgets one whose client has left", async () => {
  const { verifier, issue, keys } = await createFixture();
  const server = await startStreams("node:http", verifier);
  const token = await issue("ci");
  const left = await server.open(token);
  const lasting = await server.open(token);
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  left.close();
  await closed([left]);
  await keys.revoke("ci");
  await closed([lasting]);
  expect(verifier.counters.streamsClosed.revoked).toBe(1);
});

test("ends all streams while the store has not answered for too long, because their keys may have been revoked", async () => {
  const { verifier, issue, trouble, clock } = await createFixture();
  const server = await startStreams("node:http", verifier);
  const stream = await server.open(await issue("ci"));
  trouble.fault = new Error("the store is down");
  clock.now += 61;
  await closed([stream]);
  expect(verifier.counters.streamsClosed).toMatchObject({ unavailable: 1, revoked: 0 });
});

test("ends all streams within two seconds after its lease, although the store hangs", async () => {
  const { verifier, issue, trouble, clock } = await createFixture({ pollEvery: 30 });
  const server = await startStreams("node:http", verifier);
  const stream = await server.open(await issue("ci"));
  const start = performance.now();
  clock.now += 61;
  trouble.hangs = true;
  onTestFinished(() => void (trouble.hangs = false));
  while (stream.isOpen() && performance.now() - start < 4_000) await new Promise((resolve) => setTimeout(resolve, 50));
  expect(stream.isOpen()).toBe(false);
});

test("keeps the streams of a process that was suspended, once it has read the store", async () => {
  const { verifier, issue, clock, trouble } = await createFixture({ pollEvery: 30 });
  const server = await startStreams("node:http", verifier);
  const stream = await server.open(await issue("ci"));
  const { reads } = trouble;
  clock.now += 61;
  await until(() => trouble.reads > reads);
  await until(() => verifier.ready);
  expect([stream.isOpen(), verifier.counters.streamsClosed.unavailable]).toEqual([true, 0]);
});

test("acknowledges a revocation only when the streams of the key have ended", async () => {
  const memory = await openMemoryStore();
  const keys = createKeys({ store: memory, by: "test" });
  const revokedAt = { seq: Infinity };
  const openThen: boolean[] = [];
  let isOpen = (): boolean => true;
  const acknowledge: KeyStore["acknowledge"] = async (news) => {
    if (news.position.seq >= revokedAt.seq) openThen.push(isOpen());
    return memory.acknowledge?.(news);
  };
  const verifier = await createVerifier({ store: { ...memory, acknowledge }, peppers: [], pollEvery: 0.02 });
  onTestFinished(() => verifier.close());
  const { token } = await keys.generate({ name: "ci", expiresAt: null });
  await until(() => verifier.verify(token.reveal()).ok);
  const guard = guardNode(verifier);
  const server = createServer((request, response) =>
    guard(request, response, () => {
      isOpen = () => !response.destroyed;
      response.write("data: hello\n\n");
    }),
  );
  const port = await listen(server);
  const request = send({ host: "127.0.0.1", port, headers: { authorization: `Bearer ${token.reveal()}` } }).end();
  const [response] = (await once(request, "response")) as [IncomingMessage];
  response.resume().on("error", () => undefined);

  revokedAt.seq = (await memory.snapshot()).seq + 1;
  await keys.revoke("ci");
  await until(() => openThen.length > 0);
  expect(openThen[0]).toBe(false);
});

test("judges a request again if its key was revoked while its verdict was awaited", async () => {
  const { verifier, issue, clock } = await createFixture({ pollEvery: 30 });
  const token = await issue("ci");
  // The memory is old, so the guard reads the store first. The key is revoked right after the verdict that follows.
  let isRevoked = false;
  const verifyHeader: Verifier["verifyHeader"] = (header, requirements) => {
    if (isRevoked) return { ok: false, reason: "revoked" };
    const verdict = verifier.verifyHeader(header, requirements);
    queueMicrotask(() => (isRevoked = true));
    return verdict;
  };
  const late = Object.assign(Object.create(verifier) as Verifier, { verifyHeader });
  let handled = 0;
  const guard = guardNode(late);
  const port = await listen(
    createServer((request, response) =>
      guard(request, response, () => {
        handled++;
        response.end();
      }),
    ),
  );
  clock.now += 61;
  const request = send({ host: "127.0.0.1", port, headers: { authorization: `Bearer ${token}` } }).end();
  const [response] = (await once(request, "response")) as [IncomingMessage];
  response.resume();
  expect([response.statusCode, handled, isRevoked]).toEqual([401, 0, true]);
});

test("closes a request that waits for its body when its key is revoked", async () => {
  const { verifier, issue, keys } = await createFixture();
  const token = await issue("ci");
  let aborted = 0;
  const upload: RequestHandler = (request, _response, next) => {
    request.on("close", () => (aborted += request.complete ? 0 : 1));
    next();
  };
  const port = await listen(createServer(express().use(guardNode(verifier) as RequestHandler, upload, express.json())));
  const socket = connect(port, "127.0.0.1").on("error", () => undefined);
  socket.write(`POST / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\n`);
  socket.write("Content-Length: 10\r\n\r\n");
  await until(() => verifier.counters.accepted === 1);
  const isClosed = once(socket.resume(), "close");
  await keys.revoke("ci");
  await isClosed;
  await until(() => aborted === 1);
});

test("keeps the connection of finished responses when their key is revoked", async () => {
  const { verifier, issue, keys } = await createFixture();
  const tokens = { ci: await issue("ci"), other: await issue("other") };
  const guard = guardNode(verifier);
  let connections = 0;
  const server = createServer((request, response) => guard(request, response, () => response.end("accepted")));
  server.on("connection", () => connections++);
  const port = await listen(server);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  onTestFinished(() => agent.destroy());
  const ask = async (token: string, method = "GET") => {
    const headers = { authorization: `Bearer ${token}` };
    const request = send({ host: "127.0.0.1", port, method, headers, agent }).end();
    const [response] = (await once(request, "response")) as [IncomingMessage];
    await once(response.resume(), "end");
    return response.statusCode;
  };
  for (const method of ["GET", "POST", "GET"]) expect(await ask(tokens.ci, method)).toBe(200);
  await keys.revoke("ci");
  await until(() => !verifier.verify(tokens.ci).ok);
  expect([await ask(tokens.ci), await ask(tokens.other), connections]).toEqual([401, 200, 1]);
  expect(verifier.counters.streamsClosed.revoked).toBe(0);
});
