import { expect, test } from "vitest";
import { startScripted, error, legacy, UNAUTHORIZED, type Script } from "../../servers/scripted.ts";
import { probeAt } from "../servers/probing.ts";
import { during, TOKEN, verify } from "./verifying.ts";

const MINE = TOKEN.reveal();
const unauthorized = (challenge: string): Script => {
  return () => ({ status: 401, headers: { "www-authenticate": challenge }, body: {} });
};
const readingFrom = (header: string, form: RegExp): Script => {
  return (call) => {
    const value = String(call.request.headers[header] ?? "");
    return form.exec(value)?.[1] === MINE ? legacy()(call) : UNAUTHORIZED;
  };
};

/** Checks its headers before it reads the message, as validators do. Speaks only the legacy era. */
const validating = (header: string, status: number, body: object): Script => {
  return (call) => {
    const value = call.request.headers[header];
    if (value === undefined || (header === "authorization" && String(value).includes(" "))) return { status, body };
    if (value !== MINE) return UNAUTHORIZED;
    return call.request.headers["mcp-protocol-version"] === "2026-07-28" ? { status: 400 } : legacy()(call);
  };
};

const timeIn = (seconds: number): string => new Date((1_800_000_000 + seconds) * 1000).toUTCString();

/** Servers that do not accept the key in the usual header → what both commands say. */
const SERVERS: readonly (readonly [string, Script, says: string])[] = [
  ["that refuses the Host or Origin header", () => ({ status: 403 }), "probably refuses the Host or Origin header"],
  [
    "that misses a scope",
    ({ token }) =>
      token === undefined
        ? UNAUTHORIZED
        : { status: 403, headers: { "www-authenticate": 'Bearer error="insufficient_scope", scope="notes:write"' } },
    'lacks the scope "notes:write"',
  ],
  [
    "that crashes on unknown keys",
    ({ token }) => (token === undefined ? UNAUTHORIZED : { status: 500 }),
    "its verifier probably throws on unknown keys",
  ],
  ["that fails", () => ({ status: 500, body: { error: "boom" } }), 'the server failed with 500 ("boom")'],
  ["that limits the rate", () => ({ status: 429 }), "limits the rate of requests (429); try again later"],
  [
    "that limits the rate for an hour",
    () => ({ status: 429, headers: { "retry-after": "3600" } }),
    "limits the rate of requests (429); try again in 60 minutes",
  ],
  [
    "that limits the rate until a time",
    () => ({ status: 429, headers: { date: timeIn(0), "retry-after": timeIn(90) } }),
    "limits the rate of requests (429); try again in 90 seconds",
  ],
  [
    "that is down for a while",
    () => ({ status: 503, headers: { "retry-after": "120" } }),
    "the server failed with 503; try again in 2 minutes, or check its log",
  ],
  ["that redirects", () => ({ status: 307, headers: { location: "/other" } }), "where the key was not sent"],
  ["that is not MCP", () => ({ status: 404 }), "no MCP server answers at this URL (404)"],
  [
    "that wants OAuth",
    unauthorized('Bearer resource_metadata="https://h.example/x"'),
    "refers clients to an OAuth server",
  ],
  ["that wants Basic", unauthorized("Basic realm=x"), "asks for the scheme Basic"],
  ["that refuses the key", unauthorized("Bearer realm=x"), "the server refuses this key"],
  ["that says nothing", () => ({ status: 401 }), "401 without saying how to send a key"],
  [
    "that answers with a fault of JSON-RPC",
    legacy((call) => (call.method === "tools/list" ? error(call, -32603, "db down") : undefined)),
    "answered tools/list with 200 and error -32603",
  ],
  ["that reads X-API-Key", readingFrom("x-api-key", /^(\S+)$/), "add: --header X-API-Key"],
  ["that reads Api-Key", readingFrom("api-key", /^(\S+)$/), "add: --header API-Key"],
  ["that reads X-Auth-Token", readingFrom("x-auth-token", /^(\S+)$/), "add: --header X-Auth-Token"],
  [
    "that reads X-MCP-Proxy-Auth",
    readingFrom("x-mcp-proxy-auth", /^Bearer (\S+)$/),
    "add: --header 'X-MCP-Proxy-Auth: Bearer'",
  ],
  ["that reads a bare key", readingFrom("authorization", /^(mcp_\S+)$/), "add: --header 'Authorization:'"],
  [
    "of FastAPI that reads X-API-Key",
    validating("x-api-key", 422, {
      detail: [{ type: "missing", loc: ["header", "x-api-key"], msg: "Field required" }],
    }),
    "add: --header X-API-Key",
  ],
  [
    "with a JSON schema that names its header",
    validating("x-service-key", 400, { error: "headers must have required property 'x-service-key'" }),
    "add: --header X-Service-Key",
  ],
  ["with a schema that says nothing", validating("x-auth-token", 400, {}), "add: --header X-Auth-Token"],
  ["with a schema of Authorization", validating("authorization", 422, {}), "add: --header 'Authorization:'"],
  [
    "that answers 422 to everything",
    () => ({ status: 422, body: { detail: "Field required" } }),
    'no MCP server answers at this URL (422 ("Field required")); check the path, and whether',
  ],
  ["that reads Token", readingFrom("authorization", /^Token (\S+)$/), "add: --header 'Authorization: Token'"],
];

test.concurrent.for(SERVERS)(
  "verify and test explain a server %s in the same words",
  { timeout: 30_000 },
  async ([, script, says], { onTestFinished }) => {
    const { url } = await during(startScripted(script), onTestFinished);
    const { hint } = await verify(url, TOKEN, { seekHeader: true });
    const report = await probeAt(url, { only: ["accepts-valid-key"], patienceMs: 100 });
    expect(hint).toContain(says);
    expect(report.hint).toBe(hint);
    expect(report.sent.requests).toBeLessThanOrEqual(40);
  },
);

test("names the header of a validator in a refusal, and test says it of every check", async () => {
  const { url } = await during(startScripted(validating("x-api-key", 422, {})));
  expect(await verify(url, TOKEN, { seekHeader: true })).toMatchObject({ outcome: "refused", ok: false });
  expect(await verify(url)).toMatchObject({ outcome: "not-mcp" });
  const report = await probeAt(url, { patienceMs: 100 });
  const { findings } = report;
  expect(report.result).toBe("inconclusive");
  expect(findings.find(({ id }) => id === "requires-key")).toMatchObject({
    status: "untestable",
    observed: "the server reads the key from another header",
  });
});

test("finds the header in few requests, and sends them only to the server", async () => {
  const { url, seen } = await during(startScripted(readingFrom("x-access-token", /^(\S+)$/)));
  await verify(url);
  const without = seen.length;
  await verify(url, TOKEN, { seekHeader: true });
  expect(seen.length - 2 * without).toBeLessThanOrEqual(22);
  console.log(
    `a refused key takes ${String(without)} requests, and ${String(seen.length - 2 * without)} to find its header`,
  );
});
