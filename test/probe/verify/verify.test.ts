import { expect, test } from "vitest";
import { OUTCOMES } from "../../../src/probe/verify/verification.ts";
import { error, GREETING, legacy, result, startScripted, UNAUTHORIZED, type Script } from "../../servers/scripted.ts";
import { during, TOKEN, verify } from "./verifying.ts";

const MINE = TOKEN.reveal();
const onlyForMe =
  (script: Script): Script =>
  (call) =>
    call.token === MINE ? script(call) : UNAUTHORIZED;

test("maps outcomes to exit codes", () => {
  expect(OUTCOMES).toEqual({
    ...{ enforced: 0, refused: 4, forbidden: 4, "not-enforced": 8 },
    ...{ unreachable: 7, "not-mcp": 7, "server-error": 7, "insecure-transport": 2 },
  });
});

test("returns the documented members", async () => {
  const { url } = await during(startScripted(onlyForMe(legacy())));
  const refusal = {
    era: "legacy",
    status: 401,
    challenge: 'Bearer realm="test", error="invalid_token"',
    ms: expect.any(Number),
  };
  expect(JSON.parse(JSON.stringify(await verify(url)))).toEqual({
    ...{ ok: true, url, outcome: "enforced", era: "legacy", protocolVersion: "2025-06-18", tools: 1 },
    server: { name: "scripted", version: "1" },
    ...{ anonymous: refusal, bogus: refusal, changed: refusal },
    presented: { era: "legacy", status: 200, ms: expect.any(Number) },
  });
});

test("sends the session id and protocol version with later requests", async () => {
  const seen: unknown[] = [];
  const script = legacy(({ method, id, request }) => {
    if (method !== "initialize")
      seen.push([method, request.headers["mcp-session-id"], request.headers["mcp-protocol-version"]]);
    const body = { jsonrpc: "2.0", id, result: GREETING };
    return method === "initialize" ? { headers: { "mcp-session-id": "s-1" }, body } : undefined;
  });
  const { url } = await during(startScripted(onlyForMe(script)));
  expect(await verify(url)).toMatchObject({ outcome: "enforced" });
  expect(seen).toEqual([
    ["server/discover", undefined, "2026-07-28"],
    ["notifications/initialized", "s-1", "2025-06-18"],
    ["tools/list", "s-1", "2025-06-18"],
    ["DELETE", "s-1", "2025-06-18"],
  ]);
});

test.each([
  ["only resources", { resources: {} }, "resources/list"],
  ["only prompts", { prompts: {} }, "prompts/list"],
  ["nothing to list", { logging: {} }, "ping"],
])("judges a server with %s by a request that it offers", async (_, capabilities, judged) => {
  const asked: string[] = [];
  const { url } = await during(
    startScripted(
      legacy((call) => {
        if (call.method === "initialize") return result(call, { ...GREETING, capabilities });
        if (call.method !== judged) return undefined;
        asked.push(call.token === MINE ? "mine" : "other");
        return call.token === MINE ? result(call, {}) : UNAUTHORIZED;
      }),
    ),
  );
  expect(await verify(url)).toMatchObject({ outcome: "enforced", tools: undefined, anonymous: { status: 401 } });
  expect(asked.sort()).toEqual(["mine", "other", "other", "other"]);
});

test("judges a modern server without lists by server/discover", async () => {
  const { url } = await during(
    startScripted(
      onlyForMe((call) =>
        result(call, { resultType: "complete", supportedVersions: ["2026-07-28"], capabilities: {}, _meta: {} }),
      ),
    ),
  );
  const found = await verify(url);
  expect(found).toMatchObject({ outcome: "enforced", era: "modern", bogus: { status: 401 } });
  expect(found).not.toHaveProperty("server");
});

test("a JSON-RPC error counts as a refusal if the server accepts your key again", async () => {
  const { url, seen } = await during(
    startScripted(
      legacy((call) =>
        call.method === "tools/list" && call.token !== MINE ? error(call, -32001, "Unauthorized") : undefined,
      ),
    ),
  );
  expect(await verify(url)).toMatchObject({
    outcome: "enforced",
    anonymous: { status: 200 },
    hint: expect.any(String),
  });
  expect(seen.filter(({ authorization }) => authorization?.includes(MINE)).length).toBeGreaterThan(4);
});

test("a 500 for unknown keys counts as a refusal, with a hint", async () => {
  const { url } = await during(startScripted((call) => (call.token === MINE ? legacy()(call) : { status: 500 })));
  expect(await verify(url)).toMatchObject({
    outcome: "enforced",
    bogus: { status: 500 },
    hint: expect.stringContaining("500"),
  });
});

test.each([402, 405, 407, 408, 409, 421, 425, 426, 428, 429, 431, 451, 501, 502, 503, 504, 511])(
  "a %i for a control is inconclusive",
  async (status) => {
    const { url } = await during(
      startScripted((call) => (call.token === MINE ? legacy()(call) : { status, headers: { "retry-after": "17" } })),
    );
    expect(await verify(url)).toMatchObject({
      ...{ ok: false, outcome: "server-error", presented: { status: 200 }, anonymous: { status } },
      hint: expect.stringContaining("try again in 17 seconds"),
    });
  },
);

test.each([
  [301, "/login", "enforced"],
  [302, "https://login.example/", "enforced"],
  [303, "/login", "enforced"],
  [302, "", "server-error"],
  [300, "/login", "server-error"],
  [304, "/login", "server-error"],
  [307, "/mcp2", "server-error"],
  [308, "https://elsewhere.example/mcp", "server-error"],
])(
  "a %i to %j for a control, which drops the message or repeats it elsewhere: %s",
  async (status, location, outcome) => {
    const headers: Record<string, string> = location === "" ? {} : { location };
    const { url } = await during(startScripted((call) => (call.token === MINE ? legacy()(call) : { status, headers })));
    const found = await verify(url);
    expect(found).toMatchObject({ ok: outcome === "enforced", outcome, anonymous: { status }, bogus: { status } });
    expect(found.hint).toContain(outcome === "enforced" ? "clients expect 401" : "proves nothing");
  },
);

test("no answer for a control is inconclusive", async () => {
  const { url } = await during(startScripted((call) => (call.token === MINE ? legacy()(call) : null)));
  expect(await verify(url, TOKEN, { timeoutMs: 800 })).toMatchObject({
    ...{ ok: false, outcome: "unreachable", presented: { status: 200 }, anonymous: null, bogus: null },
    hint: expect.stringContaining("accepts your key, but gave no answer to a request without a key"),
  });
});

test("does not take an unguarded server with a single session for a guarded one", async () => {
  let taken = false;
  const { url } = await during(
    startScripted(
      legacy((call) => {
        if (call.method === "DELETE") return { status: 405 };
        if (call.method === "server/discover") return undefined;
        const first = !taken;
        if (call.method === "initialize") taken = true;
        const body = { jsonrpc: "2.0", id: call.id, result: GREETING };
        if (first) return { headers: { "mcp-session-id": "the-one" }, body };
        return call.request.headers["mcp-session-id"] === "the-one" ? undefined : { status: 400, body: {} };
      }),
    ),
  );
  expect(await verify(url)).toMatchObject({
    ...{ ok: false, outcome: "server-error", presented: { status: 200 }, anonymous: { status: 400 } },
    hint: expect.stringContaining("only one session"),
  });
});

test("does not take an unguarded server that loses sessions for a guarded one", async () => {
  const { url } = await during(
    startScripted(
      legacy(({ method, token }) =>
        method === "tools/list" && token !== MINE ? { status: 404, body: {} } : undefined,
      ),
    ),
  );
  expect(await verify(url)).toMatchObject({ ok: false, outcome: "server-error", anonymous: { status: 404 } });
});

test.each([
  [
    "no expiresAt",
    { "www-authenticate": 'Bearer error="invalid_token", error_description="Token has no expiration time"' },
    "expiresAt",
  ],
  ["another header", { "www-authenticate": 'Bearer realm="send X-API-Key"' }, "X-API-Key"],
  ["another scheme", { "www-authenticate": "Basic realm=x" }, "the scheme Basic"],
  [
    "an OAuth server",
    { "www-authenticate": 'Bearer resource_metadata="https://h.example/.well-known/x"' },
    "OAuth server",
  ],
  ["a missing challenge", {}, "401 without saying how"],
  ["an unknown key", { "www-authenticate": "Bearer realm=x" }, "refuses this key (\"no such 'key'\")"],
])("explains a 401 about %s", async (_, headers, says) => {
  const { url } = await during(startScripted(() => ({ status: 401, headers, body: { error: 'no such "key"' } })));
  expect(await verify(url)).toMatchObject({ outcome: "refused", hint: expect.stringContaining(says) });
});

test.each([
  ["the Host or Origin header", {}, 403, "Host or Origin"],
  ["unknown keys", {}, 401, "does not know it"],
  ["a scope", { "www-authenticate": 'Bearer error="insufficient_scope", scope="a b"' }, 401, '"a b"'],
  [
    "a scope with shell syntax",
    { "www-authenticate": 'Bearer error="insufficient_scope", scope="$(id)"' },
    401,
    "a scope that",
  ],
])("explains a 403 about %s", async (_, headers, others, says) => {
  const { url } = await during(startScripted(({ token }) => ({ status: token === MINE ? 403 : others, headers })));
  const { outcome, hint } = await verify(url);
  expect({ outcome, hint }).toEqual({ outcome: "forbidden", hint: expect.stringContaining(says) });
  expect(hint).not.toContain("$(");
});

test("explains a server that fails only with a key", async () => {
  const { url } = await during(startScripted(({ token }) => (token === undefined ? UNAUTHORIZED : { status: 500 })));
  expect(await verify(url)).toMatchObject({
    outcome: "server-error",
    hint: expect.stringContaining("its verifier probably throws"),
  });
});

test("a failure, a rate limit and a JSON-RPC error are no verdict on the key", async () => {
  const failing = await during(startScripted(() => ({ status: 500, body: { error: "boom\u001b[2J" } })));
  expect(await verify(failing.url)).toMatchObject({
    outcome: "server-error",
    hint: expect.stringContaining('500 ("boom [2J")'),
  });
  const limiting = await during(startScripted(() => ({ status: 429 })));
  expect(await verify(limiting.url)).toMatchObject({ outcome: "server-error", hint: expect.stringContaining("later") });
  const erring = await during(
    startScripted(legacy((call) => (call.method === "tools/list" ? error(call, -32603, "db down") : undefined))),
  );
  expect(await verify(erring.url)).toMatchObject({
    ...{ outcome: "server-error", era: "legacy", presented: { status: 200 } },
    hint: expect.stringContaining("tools/list with 200 and error -32603"),
  });
});

test.each([
  ["2027-01-01", "not-mcp", "supports only MCP 2027-01-01"],
  ["2025-11-25", "enforced", undefined],
])("handles a server that supports only MCP %s", async (version, outcome, says) => {
  const data = { supported: [version], requested: "2026-07-28" };
  const { url } = await during(
    startScripted(
      onlyForMe((call) =>
        call.method === "server/discover" || version > "2026"
          ? { status: 400, body: { jsonrpc: "2.0", id: call.id, error: { code: -32022, message: "no", data } } }
          : legacy()(call),
      ),
    ),
  );
  const { outcome: found, hint = "" } = await verify(url);
  expect(found).toBe(outcome);
  expect(hint).toContain(says ?? "");
});
