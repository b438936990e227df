import { once } from "node:events";
import { createServer, request as send } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { formatPosition } from "../../../src/core/position.ts";
import { KeysError } from "../../../src/errors.ts";
import { createKeys } from "../../../src/keys/keys.ts";
import type { AccessRecord } from "../../../src/server/access/access-record.ts";
import { guardFetch } from "../../../src/server/fetch/guard-fetch.ts";
import { guardNode } from "../../../src/server/node/guard-node.ts";
import { guardUpgrade } from "../../../src/server/node/guard-upgrade.ts";
import { createVerifier } from "../../../src/server/verifier/verifier.ts";
import { openMemoryStore } from "../../../src/stores/memory.ts";
import type { GuardOptions } from "../../../src/server/guard/guard-options.ts";
import { createFixture, until, type FixtureOptions } from "../fixture.ts";
import { adapters, readers } from "../guard/adapters.ts";
import { bearer, call, LIST, post } from "../guard/guarded.ts";

const BIG = 5 * 1024 * 1024;

/** A server with records of its calls, and a key `ci` of ada. */
async function start(name: string, options: GuardOptions = {}, more: FixtureOptions = {}) {
  const records: AccessRecord[] = [];
  const lines: string[] = [];
  const fixture = await createFixture({
    onAccess: (record) => records.push(record),
    accessLog: (line) => lines.push(line),
    ...more,
  });
  const issued = await fixture.keys.generate({ name: "ci", owner: "ada", scopes: ["read"], expiresAt: null });
  await fixture.followed();
  const adapter = await (adapters[name] ?? readers[name])!(fixture.verifier, options);
  onTestFinished(() => adapter.close());
  const { key } = issued;
  const token = issued.token.reveal();
  return { ...fixture, ...adapter, records, accessLines: lines, key, token, sent: bearer(token) };
}

const everywhere = [...Object.keys(adapters), ...Object.keys(readers)];

describe.each(Object.keys(adapters))("the access record on %s", (name) => {
  test("names key, owner, version, method, tool, position and address of an accepted call", async () => {
    const { ask, records, accessLines, sent, key, clock, store } = await start(name);
    const { status, auth, received } = await ask(post(sent, call("notes")));
    expect([status, auth?.clientId, JSON.parse(received!)]).toEqual([200, key.id, call("notes")]);
    const { epoch, seq } = await store.snapshot();
    const isLocal = name !== "fetch" && name !== "hono";
    expect(records).toEqual([
      {
        at: new Date(clock.now * 1000).toISOString().replace(".000", ""),
        ...{ verdict: "accepted", reason: null, key: { id: key.id, name: "ci", owner: "ada" }, version: 1 },
        ...{ http: "POST", method: "tools/call", tool: "notes", ms: expect.any(Number) },
        position: `${epoch}.${String(seq)}`,
        address: isLocal ? expect.stringMatching(/127\.0\.0\.1$/) : null,
      },
    ]);
    expect(accessLines.map((line) => JSON.parse(line))).toEqual(records);
    expect(accessLines.join("")).not.toContain("\n");
  });

  test("has one record for each message of a batch, and one for a request without a body", async () => {
    const { ask, records, sent } = await start(name);
    await ask(post(sent, [call("a"), LIST, { jsonrpc: "2.0", id: 1, result: {} }]));
    await ask({ method: "DELETE", headers: sent });
    expect(records.map(({ http, method, tool }) => [http, method, tool])).toEqual([
      ["POST", "tools/call", "a"],
      ["POST", "tools/list", null],
      ["POST", null, null],
      ["DELETE", null, null],
    ]);
  });

  test("records refusals of every kind, with the key if there is one", async () => {
    const options = { toolScopes: { wipe: ["admin"] }, openPaths: ["/mcp/health"] };
    const { ask, records, sent, keys, followed, token } = await start(name, options);
    await ask(post([], LIST, ["Mcp-Method", "tools/call", "Mcp-Name", "=?base64?d2lwZQ==?="]));
    await ask(post(bearer(token.slice(0, -1)), LIST));
    await ask(post(sent, call("wipe")));
    await ask(post(sent, { method: "Tools/Call" }));
    await ask(post(sent, LIST, ["Origin", "https://evil.example"]));
    await ask(post([...sent, ...sent], LIST));
    await ask({ path: "/mcp/health" });
    await keys.revoke("ci", { reason: "compromised" });
    await followed();
    await ask(post(sent, call("notes")));
    expect(records.map(({ reason, key, version, method, tool }) => [reason, key?.name, version, method, tool])).toEqual(
      [
        ["missing", undefined, null, "tools/call", "wipe"],
        ["mistyped", undefined, null, null, null],
        ["insufficient-scope", "ci", 1, "tools/call", "wipe"],
        ["unclear-body", "ci", 1, null, null],
        ["forbidden-origin", undefined, null, null, null],
        ["ambiguous", undefined, null, null, null],
        ["revoked", "ci", 1, null, null],
      ],
    );
    expect(new Set(records.map(({ verdict }) => verdict))).toEqual(new Set(["refused"]));
  });

  test("says unavailable if the keys cannot be checked", async () => {
    const { ask, records, sent, trouble, clock, verifier } = await start(name, {}, { maxStaleness: 10 });
    trouble.fault = new KeysError("STORE_DAMAGED", "line 1");
    await until(() => verifier.counters.faults > 0);
    clock.now += 60;
    await until(() => !verifier.ready);
    expect((await ask(post(sent, LIST))).status).toBe(503);
    expect(records).toMatchObject([{ verdict: "unavailable", reason: "store-unavailable", key: null }]);
  });
});

describe.each(everywhere)("with records, %s", (name) => {
  test("passes bodies on that no tool scope could judge", async () => {
    const { ask, records, sent } = await start(name);
    const twice = '{"method":"ping","method":"tools/call"}';
    expect(await ask(post(sent, twice))).toMatchObject({ status: 200 });
    const text = { ...post(sent, "a=b"), headers: [...sent, "Content-Type", "text/plain"] };
    expect(await ask(text)).toMatchObject({ status: 200 });
    expect(records).toMatchObject([
      { verdict: "accepted", method: null, tool: null },
      { verdict: "accepted", method: null, tool: null },
    ]);
  });
});

test.each(["fetch", "node:http", "fastify that parses nothing"])(
  "with records, %s passes on a body that is too large to record",
  async (name) => {
    const { ask, records, sent } = await start(name);
    const body = JSON.stringify(call("upload", { padding: "x".repeat(BIG) }));
    const { status, received } = await ask(post(sent, body));
    expect([status, received === body]).toEqual([200, true]);
    expect(records).toMatchObject([{ verdict: "accepted", method: null }]);
  },
);

test("no body is read without records or tool scopes", async () => {
  const { ask, records, sent } = await start("node:http", {}, { onAccess: undefined, accessLog: undefined });
  expect((await ask(post(sent, LIST))).status).toBe(200);
  expect(records).toEqual([]);
});

test("a hook that fails is logged and changes nothing", async () => {
  const rejecting: object = { accessLog: () => Promise.reject(new TypeError("no")) };
  const { ask, sent, lines } = await start(
    "node:http",
    {},
    {
      onAccess: () => {
        throw new Error("no");
      },
      ...rejecting,
    },
  );
  expect((await ask(post(sent, LIST))).status).toBe(200);
  await until(() => lines.filter((line) => line.includes("onAccess or accessLog failed")).length === 2);
});

test("a large batch is cut, and its last record says how many are left out", async () => {
  const { ask, records, sent } = await start("node:http");
  await ask(
    post(
      sent,
      Array.from({ length: 1_500 }, () => LIST),
    ),
  );
  expect(records).toHaveLength(1_000);
  expect(records.at(-1)).toMatchObject({ more: 500 });
  expect(records.slice(0, -1).every((record) => !("more" in record))).toBe(true);
});

test("the address is that of the connection, unless the server reads a header of its proxy", async () => {
  const forwarded = ["X-Forwarded-For", "203.0.113.9"];
  const plain = await start("node:http");
  await plain.ask(post(plain.sent, LIST, forwarded));
  expect(plain.records[0]?.address).toMatch(/127\.0\.0\.1$/);

  const behind = await start("node:http", { addressOf: (header) => header("X-Forwarded-For") });
  await behind.ask(post(behind.sent, LIST, forwarded));
  await behind.ask(post(behind.sent, LIST));
  expect(behind.records.map(({ address }) => address)).toEqual(["203.0.113.9", expect.stringMatching(/127\.0\.0\.1$/)]);

  const broken = await start("node:http", {
    addressOf: () => {
      throw new Error("no");
    },
  });
  expect((await broken.ask(post(broken.sent, LIST))).status).toBe(200);
  expect(broken.records[0]?.address).toBeNull();
});

test("a body that a parser has left in several forms has one record", async () => {
  const { verifier, records, token } = await start("fetch");
  const guard = guardNode(verifier);
  const server = createServer((request, response) => {
    Object.assign(request, { body: LIST, rawBody: Buffer.from(JSON.stringify(LIST)) });
    guard(request, response, () => response.end());
  });
  onTestFinished(() => void server.close());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const { status } = await fetch(`http://127.0.0.1:${port}`, { method: "POST", headers, body: JSON.stringify(LIST) });
  expect([status, records.length, records[0]?.method]).toEqual([200, 1, "tools/list"]);
});

test("an upgrade has one record without a method", async () => {
  const { verifier, records, token } = await start("fetch");
  const server = createServer();
  server.on(
    "upgrade",
    guardUpgrade(verifier, (_request, socket) =>
      socket.end("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"),
    ),
  );
  onTestFinished(() => void server.close());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const headers = { authorization: `Bearer ${token}`, connection: "upgrade", upgrade: "x" };
  await once(send({ host: "127.0.0.1", port, headers }).end(), "upgrade");
  await until(() => records.length > 0);
  expect(records).toMatchObject([{ verdict: "accepted", http: "GET", method: null, key: { name: "ci" } }]);
});

test("with several stores, the position is that of the store that decided", async () => {
  const [first, second] = [await openMemoryStore(), await openMemoryStore()];
  const keys = createKeys({ store: second, by: "test", peppers: [] });
  for (const name of ["a", "b"]) await keys.generate({ name, expiresAt: null });
  const { token } = await keys.generate({ name: "c", expiresAt: null });
  const records: AccessRecord[] = [];
  const verifier = await createVerifier({ stores: [first, second], onAccess: (record) => records.push(record) });
  onTestFinished(() => verifier.close());
  const guard = guardFetch(verifier);
  await guard(new Request("http://127.0.0.1/mcp", { headers: { authorization: `Bearer ${token.reveal()}` } }), {
    address: "192.0.2.7",
  });
  await guard(new Request("http://127.0.0.1/mcp"));
  const positions = await Promise.all([second, first].map(async (store) => formatPosition(await store.snapshot())));
  expect(records.map(({ position, address }) => [position, address])).toEqual([
    [positions[0], "192.0.2.7"],
    [positions[1], null],
  ]);
});
