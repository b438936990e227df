import { describe, expect, test } from "vitest";
import { KeysError, type Code } from "../../../src/errors.ts";
import { challenge, type Denial } from "../../../src/server/guard/challenge.ts";

/** Parses a challenge by the grammar of RFC 9110 section 11.6.1. Throws if it is invalid. */
function readChallenge(header: string): Record<string, string> {
  const parameters = /^Bearer (.+)$/.exec(header)?.[1] ?? "";
  const read: [string, string][] = [];
  let rest = parameters;
  while (rest !== "") {
    const match = /^([a-z_]+)="((?:[^"\\]|\\.)*)"(?:, (?=\S)|$)/.exec(rest);
    if (match === null) throw new Error(`not a challenge: ${header}`);
    read.push([match[1]!, match[2]!.replace(/\\(.)/g, "$1")]);
    rest = rest.slice(match[0].length);
  }
  expect(new Set(read.map(([name]) => name)).size).toBe(read.length);
  return Object.fromEntries(read);
}

const options = { realm: "mcp", scopes: ["notes:read", "notes:write"] };

const VECTORS: readonly [Denial, number, Record<string, string>][] = [
  ["missing", 401, { realm: "mcp" }],
  ["ambiguous", 400, { realm: "mcp", error: "invalid_request" }],
  ["malformed", 401, { realm: "mcp", error: "invalid_token" }],
  ["mistyped", 401, { realm: "mcp", error: "invalid_token" }],
  ["unknown", 401, { realm: "mcp", error: "invalid_token" }],
  ["expired", 401, { realm: "mcp", error: "invalid_token" }],
  ["revoked", 401, { realm: "mcp", error: "invalid_token" }],
  ["disabled", 401, { realm: "mcp", error: "invalid_token" }],
  ["wrong-audience", 401, { realm: "mcp", error: "invalid_token" }],
  ["insufficient-scope", 403, { realm: "mcp", error: "insufficient_scope", scope: "notes:read notes:write" }],
];

test.each(VECTORS)("answers %s with %i", (denial, status, parameters) => {
  const answer = challenge(denial, options);
  expect(answer.status).toBe(status);
  const { error_description: description, ...rest } = readChallenge(answer.headers["www-authenticate"]!);
  expect(rest).toEqual(parameters);
  const body = JSON.parse(answer.body) as Record<string, string>;
  expect(body["error"]).toBe(parameters["error"] ?? "unauthorized");
  if (parameters["error"] === undefined) expect(description).toBeUndefined();
  else expect(body["error_description"]).toBe(description);
  expect(answer.headers).toMatchObject({ "cache-control": "no-store", "content-type": "application/json" });
});

test("does not tell a client why its key is not valid", () => {
  const same = ["mistyped", "unknown", "expired", "revoked", "disabled", "wrong-audience"] as const;
  expect(new Set(same.map((denial) => JSON.stringify(challenge(denial, options)))).size).toBe(1);
});

describe("an internal error has no challenge, because clients would discard a valid key", () => {
  test.each<[Code, number, string | undefined]>([
    ["STORE_UNAVAILABLE", 503, "5"],
    ["STORE_DAMAGED", 503, "5"],
    ["BUG", 500, undefined],
  ])("answers %s with %i", (code, status, retry) => {
    const answer = challenge(new KeysError(code, "/srv/keys.jsonl is gone"), options);
    expect(answer).toMatchObject({ status });
    expect(answer.headers["retry-after"]).toBe(retry);
    expect(answer.headers).not.toHaveProperty("www-authenticate");
    expect(answer.body).not.toContain("/srv");
  });
});

test("escapes quotes and backslashes in the realm", () => {
  const realm = 'a "quoted" \\ realm, error="x"';
  expect(readChallenge(challenge("missing", { realm, scopes: [] }).headers["www-authenticate"]!)).toEqual({ realm });
});
