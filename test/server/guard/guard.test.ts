import { describe, expect, onTestFinished, test } from "vitest";
import { KeysError } from "../../../src/errors.ts";
import type { GuardOptions } from "../../../src/server/guard/guard-options.ts";
import { adapters, type Got, type Sent } from "./adapters.ts";
import { createFixture, until, type Fixture } from "../fixture.ts";

const HERE = "https://mcp.example/mcp";
const INVALID = 'Bearer realm="mcp", error="invalid_token", error_description="The key is not valid here"';
const MALFORMED =
  'Bearer realm="mcp", error="invalid_token", ' +
  'error_description="The token is malformed; send only the key after Bearer"';
const TWO =
  'Bearer realm="mcp", error="invalid_request", error_description="The request contains more than one token; send only one"';
const NO_TOKEN = 'Bearer realm="mcp"';

interface Case {
  readonly title: string;
  readonly sent: (token: string, fixture: Fixture) => Sent | Promise<Sent>;
  readonly options?: GuardOptions;
  readonly status: number;
  readonly challenge?: string;
  readonly error?: string;
  /** Expected in the server's log. */
  readonly says?: string;
}

const bearer = (token: string): Sent => ({ headers: ["Authorization", `Bearer ${token}`] });
const apiKey = (token: string): Sent => ({ headers: ["X-API-Key", token] });
const withKeyHeader = { apiKeyHeader: "X-API-Key" };

const ACCEPTED: readonly Case[] = [
  { title: "a valid token", sent: bearer, status: 200 },
  { title: "the scheme in any case", sent: (t) => ({ headers: ["authorization", `bEARER ${t}`] }), status: 200 },
  { title: "an X-API-Key with apiKeyHeader", sent: apiKey, options: withKeyHeader, status: 200 },
  {
    title: "an X-API-Key next to the Basic header of a proxy",
    sent: (t) => ({ headers: ["Authorization", "Basic dTpw", "X-API-Key", t] }),
    options: withKeyHeader,
    status: 200,
  },
  {
    title: "a Bearer token next to an X-API-Key without apiKeyHeader",
    sent: (t) => ({ headers: ["X-API-Key", "other", "Authorization", `Bearer ${t}`] }),
    status: 200,
  },
  {
    title: "a query without a token",
    sent: (t) => ({ ...bearer(t), query: "?key=page2&token=&api_key=other" }),
    status: 200,
  },
  { title: "a key with the required scopes", sent: bearer, options: { scopes: ["read"] }, status: 200 },
];

const NO_TOKEN_SENT: readonly Case[] = (
  [
    ["no header", () => ({})],
    ["an empty header", () => ({ headers: ["Authorization", ""] })],
    ["another scheme", () => ({ headers: ["Authorization", "Basic dXNlcjpwYXNz"] })],
    ["a scheme with parameters", () => ({ headers: ["Authorization", 'Digest username="a", realm="b"'] })],
    ["Bearer alone", () => ({ headers: ["Authorization", "Bearer"] })],
    ["a token without its scheme", (t) => ({ headers: ["Authorization", t] })],
    ["an X-API-Key without apiKeyHeader", apiKey, "apiKeyHeader is not set"],
    ["a token in the query", (t) => ({ query: `?access_token=${t}` }), "tokens in the URL are ignored"],
    ["a token in the query by any name", (t) => ({ query: `?x=1&whatever=${t}` }), "tokens in the URL are ignored"],
    ["an opaque access_token in the query", () => ({ query: "?access_token=abc" }), "tokens in the URL are ignored"],
  ] as readonly [string, Case["sent"], string?][]
).map(([title, sent, says = "refused (missing)"]) => ({
  ...{ title, sent, says, status: 401, challenge: NO_TOKEN, error: "unauthorized" },
}));

const TWO_TOKENS: readonly Case[] = (
  [
    ["two headers", (t) => ({ headers: ["Authorization", `Bearer ${t}`, "Authorization", `Bearer ${t}`] })],
    [
      "two headers, one with another scheme",
      (t) => ({ headers: ["Authorization", "Basic eA==", "Authorization", `Bearer ${t}`] }),
    ],
    ["two tokens in one header", (t) => ({ headers: ["Authorization", `Bearer ${t}, Bearer ${t}`] })],
    ["two tokens after one scheme", (t) => ({ headers: ["Authorization", `Bearer ${t},${t}`] })],
    ["a header and access_token", (t) => ({ ...bearer(t), query: "?access_token=x" })],
    ["a header and a token in the query", (t) => ({ ...bearer(t), query: `?key=${t}` })],
    ["a header and an encoded token in the query", (t) => ({ ...bearer(t), query: `?key=${t.replace("_", "%5F")}` })],
    ["a header and a mistyped token in the query", (t) => ({ ...bearer(t), query: `?key=${t.slice(0, -1)}` })],
    ["a malformed header and a token in the query", (t) => ({ ...bearer("${KEY}"), query: `?key=${t}` })],
    [
      "Authorization and X-API-Key",
      (t) => ({ headers: [...bearer(t).headers!, ...apiKey(t).headers!] }),
      withKeyHeader,
    ],
    ["two X-API-Key", (t) => ({ headers: [...apiKey(t).headers!, ...apiKey(t).headers!] }), withKeyHeader],
    ["X-API-Key and a token in the query", (t) => ({ ...apiKey(t), query: `?key=${t}` }), withKeyHeader],
  ] as readonly [string, Case["sent"], GuardOptions?][]
).map(([title, sent, options]) => ({
  ...{ title, sent, options, status: 400, challenge: TWO, error: "invalid_request", says: "refused (malformed)" },
}));

const MALFORMED_TOKENS: readonly Case[] = (
  [
    ["an unexpanded variable", "${MCP_API_KEY}", "an unexpanded variable"],
    ["a token in quotes", '"abc"', "a quotation mark"],
    ["a token with a space", "ab c", "a space"],
    ["a second Bearer", "Bearer abc", "Bearer twice"],
    ["a token in an unknown format", "hello", "not a token of this store"],
    ["an overlong token", "a".repeat(5000), "refused (malformed)"],
    ["a token with a trailing comma", "abc,", "refused (malformed)"],
  ] as const
).map(([title, token, says]) => ({
  ...{ title, sent: () => bearer(token), says, status: 401, challenge: MALFORMED, error: "invalid_token" },
}));

const INVALID_TOKENS: readonly Case[] = (
  [
    ["a mistyped token", (t) => bearer(t.slice(0, -1) + (t.endsWith("0") ? "1" : "0")), "refused (mistyped)"],
    ["a truncated token", (t) => bearer(t.slice(0, -3)), "refused (mistyped)"],
    ["a token from another store", async () => bearer(await (await createFixture()).issue("x")), "no key has the id"],
    [
      "an expired token",
      async (_token, { clock, ...f }) => {
        const soon = await f.issue("soon", { expiresAt: clock.now + 10 });
        clock.now += 10;
        return bearer(soon);
      },
      "refused (expired): key soon",
    ],
    [
      "an old token after its overlap",
      async (t, { clock, ...f }) => {
        await f.rotate("ci", 10);
        clock.now += 10;
        await f.followed();
        return bearer(t);
      },
      "refused (expired): key ci",
    ],
    [
      "a revoked token",
      async (t, f) => {
        await f.keys.revoke("ci");
        await f.followed();
        return bearer(t);
      },
      "refused (revoked): key ci",
    ],
    [
      "a token of a disabled key",
      async (t, f) => {
        await f.keys.disable("ci");
        await f.followed();
        return bearer(t);
      },
      "refused (disabled): key ci",
    ],
    [
      "a token for another server",
      async (_token, f) => {
        const other = await f.issue("other", { audience: ["https://other.example/mcp"] });
        return bearer(other);
      },
      "refused (wrong-audience): key other",
      { audience: HERE },
    ],
    [
      "a refused X-API-Key",
      async () => apiKey(await (await createFixture()).issue("x")),
      "no key has the id",
      withKeyHeader,
    ],
  ] as readonly [string, Case["sent"], string, GuardOptions?][]
).map(([title, sent, says, options]) => ({
  ...{ title, sent, says, options, status: 401, challenge: INVALID, error: "invalid_token" },
}));

const OTHER: readonly Case[] = [
  {
    title: "a key without the required scopes",
    sent: bearer,
    options: { scopes: ["read", "write"] },
    status: 403,
    challenge:
      'Bearer realm="mcp", error="insufficient_scope", ' +
      'error_description="The key lacks a scope that this request needs", scope="read write"',
    error: "insufficient_scope",
    says: "refused (insufficient-scope): key ci",
  },
  {
    title: "a revoked key without the required scopes, and does not reveal them",
    sent: async (t, f) => {
      await f.keys.revoke("ci");
      await f.followed();
      return bearer(t);
    },
    options: { scopes: ["write"] },
    status: 401,
    challenge: INVALID,
    error: "invalid_token",
  },
  {
    title: "no token, with the configured realm",
    sent: () => ({}),
    options: { realm: 'a "b" \\ c' },
    status: 401,
    challenge: 'Bearer realm="a \\"b\\" \\\\ c"',
    error: "unauthorized",
  },
];

describe.each(Object.keys(adapters))("%s", (name) => {
  const ask = async ({ sent, options = {} }: Pick<Case, "sent" | "options">, fixture: Fixture) => {
    const token = await fixture.issue("ci", { scopes: ["read"] });
    const adapter = await adapters[name]!(fixture.verifier, options);
    onTestFinished(() => adapter.close());
    const request = await sent(token, fixture);
    fixture.lines.length = 0;
    return { token, request, got: await adapter.ask(request), adapter };
  };

  test.each(ACCEPTED)("accepts $title", async (each) => {
    const { got } = await ask(each, await createFixture());
    expect(got).toMatchObject({ status: 200, auth: { extra: { keyName: "ci", version: 1 }, scopes: ["read"] } });
  });

  test.each([...NO_TOKEN_SENT, ...TWO_TOKENS, ...MALFORMED_TOKENS, ...INVALID_TOKENS, ...OTHER])(
    "answers $status to $title",
    async (each) => {
      const fixture = await createFixture();
      const { got, token, adapter, request } = await ask(each, fixture);
      expect(got).toMatchObject({ status: each.status, auth: null });
      expect(got.headers).toMatchObject({
        "www-authenticate": each.challenge,
        "content-type": "application/json",
        "cache-control": "no-store",
      });
      expect(JSON.parse(got.body)).toEqual({ error: each.error, error_description: expect.any(String) });
      expect(got.body + JSON.stringify(got.headers) + fixture.lines.join()).not.toContain(token.slice(17, 60));
      expect(fixture.lines.join("\n")).toContain(each.says ?? "refused");
      expect(await adapter.ask({ ...request, method: "HEAD" })).toMatchObject({ status: each.status, body: "" });
    },
  );

  test("answers 503 without a challenge when the store is silent for too long, and recovers", async () => {
    const fixture = await createFixture();
    const token = await fixture.issue("ci");
    const adapter = await adapters[name]!(fixture.verifier, {});
    onTestFinished(() => adapter.close());

    fixture.trouble.fault = new KeysError("STORE_UNAVAILABLE", "the disk is gone");
    await until(() => fixture.verifier.counters.faults > 0);
    expect(await adapter.ask(bearer(token))).toMatchObject({ status: 200 });
    fixture.clock.now += 61;
    const got = await adapter.ask(bearer(token));
    expect(got).toMatchObject({ status: 503, headers: { "retry-after": "5" }, auth: null });
    expect(got.headers).not.toHaveProperty("www-authenticate");
    expect(fixture.verifier.counters.unavailable).toBe(1);
    expect(await adapter.ask({})).toMatchObject({ status: 401 });

    fixture.trouble.fault = null;
    await until(() => fixture.verifier.ready);
    expect(await adapter.ask(bearer(token))).toMatchObject({ status: 200 });
  });

  test("refreshes once before it answers 503 in a process that was frozen", async () => {
    const fixture = await createFixture({ pollEvery: 3600, maxStaleness: 3601 });
    const token = await fixture.issue("ci");
    const adapter = await adapters[name]!(fixture.verifier, {});
    onTestFinished(() => adapter.close());
    fixture.clock.now += 7200;
    expect(fixture.verifier.ready).toBe(false);
    const both = await Promise.all([adapter.ask(bearer(token)), adapter.ask(bearer(token))]);
    expect(both).toMatchObject([{ status: 200 }, { status: 200 }]);
  });

  test("gives tools the caller, but not the token", async () => {
    const fixture = await createFixture();
    const { got, token } = await ask({ sent: bearer }, fixture);
    const [key] = await fixture.keys.list();
    expect(got.auth).toEqual({
      token: `[key ${key!.id}]`,
      clientId: key!.id,
      scopes: ["read"],
      expiresAt: 253_402_300_799,
      extra: { keyId: key!.id, keyName: "ci", version: 1 },
    } satisfies Got["auth"]);
    expect(JSON.stringify(got.auth)).not.toContain(token);
  });
});
