import { validateHeaderName, validateHeaderValue } from "node:http";
import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BEARER, formatKeyHeader, parseKeyHeader } from "../../../src/probe/mcp/key-header.ts";
import { keyHeaders } from "../../../src/probe/mcp/presented-key.ts";
import { formatToken, ID_LENGTH, SECRET_LENGTH } from "../../../src/core/token.ts";
import { KeysError } from "../../../src/errors.ts";
import { base62, RUNS } from "../../arbitraries.ts";

test.each([
  ["Authorization: Bearer", "authorization", "Bearer k"],
  ["authorization:bearer", "authorization", "Bearer k"],
  ["Authorization: ApiKey", "authorization", "ApiKey k"],
  ["Authorization:", "authorization", "k"],
  ["X-API-Key", "x-api-key", "k"],
  ["X-API-Key:", "x-api-key", "k"],
  ["X-Proxy-Auth: Bearer", "x-proxy-auth", "Bearer k"],
  [" X-Proxy-Auth :  bearer ", "x-proxy-auth", "bearer k"],
  ["Authorization: AWS4-HMAC-SHA256", "authorization", "AWS4-HMAC-SHA256 k"],
  ["Authorization: SCRAM-SHA-256", "authorization", "SCRAM-SHA-256 k"],
  ["X-OAuth2-Client-Authorization", "x-oauth2-client-authorization", "k"],
  ["Ocp-Apim-Subscription-Key", "ocp-apim-subscription-key", "k"],
  ["CF-Access-Client-Secret", "cf-access-client-secret", "k"],
])("%j puts the key into %s as %j", (text, name, value) => {
  expect(keyHeaders(parseKeyHeader(text), "k")).toEqual({ [name]: value });
});

test("recognizes the default", () => {
  expect(parseKeyHeader("AUTHORIZATION: BEARER")).toBe(BEARER);
});

test("refuses Authorization without a colon, because it could mean either", () => {
  const error = errorOf("Authorization");
  expect(error?.code).toBe("USAGE");
  expect(error?.hint).toContain("'Authorization: Bearer'");
  expect(error?.hint).toContain("'Authorization:'");
});

test.each(["Host", "Cookie", "cookie: session", "Proxy-Authorization: Basic", "Mcp-Session-Id", "Content-Type", "TE"])(
  "refuses %s, which has another meaning",
  (text) => {
    expect(errorOf(text)?.code).toBe("USAGE");
  },
);

test.each(["", ":", ": Bearer", "X API Key", "X-API-Key: s3cr3t", "X-Key: Bearer:", "X-Key: tökén", "X-Kéy", "a\nb"])(
  "refuses %j",
  (text) => {
    expect(errorOf(text)?.code).toBe("USAGE");
  },
);

describe("a secret in the header", () => {
  const hex = randomBytes(16).toString("hex");
  test.each([
    ["our token alone", formatToken({ prefix: "mcp", id: "7Fq2x9Lm0aBc", secret: "a".repeat(43) }).reveal()],
    ["a token of GitHub", `X-API-Key: ghp_${"aB3".repeat(12)}`],
    ["a hexadecimal secret as the name", hex],
    ["a hexadecimal secret as the scheme", `X-API-Key: ${hex}`],
    ["a UUID", "X-API-Key: 3f29cd80-21b6-4b0f-9d7e-5a8c1e9f0b42"],
    ["a value after the scheme", "X-Proxy-Auth: Bearer hunter"],
    ["a variable that the shell did not expand", "Authorization: Bearer $MCP_API_KEY"],
  ])("is refused and not quoted: %s", (_, text) => {
    const error = errorOf(text);
    expect(error?.code).toBe("TOKEN_MISPLACED");
    for (const word of text.split(/[\s:]+/).filter((each) => !/^(?:X-|Authorization|Bearer)/.test(each))) {
      expect(`${error?.message} ${error?.hint}`).not.toContain(word);
    }
  });

  test("is found wherever it stands", () => {
    const token = fc.tuple(base62(ID_LENGTH), base62(SECRET_LENGTH));
    const place = fc.constantFrom("", "X-API-Key: ", "Authorization: Bearer ", "X-", "Authorization: ");
    fc.assert(
      fc.property(token, place, ([id, secret], before) => {
        const text = formatToken({ prefix: "mcp", id, secret }).reveal();
        const error = errorOf(before + text);
        expect(error?.code).toBe("TOKEN_MISPLACED");
        expect(`${error?.message} ${error?.hint}`).not.toContain(secret.slice(0, 8));
      }),
      { numRuns: RUNS.some },
    );
  });
});

const words = fc.constantFrom("x", "api", "key", "proxy", "auth", "client", "secret", "token", "v2", "acme");
const names = fc.array(words, { minLength: 1, maxLength: 6 }).map((parts) => `x-${parts.join("-")}`);
const schemes = fc
  .array(fc.constantFrom("Bearer", "ApiKey", "Token", "HMAC", "SHA256", "v1"), { minLength: 1, maxLength: 4 })
  .map((parts) => parts.join("-"));

test("reads back what it writes", () => {
  const name = fc.oneof(names, fc.constant("authorization"));
  fc.assert(
    fc.property(name, fc.option(schemes), (name, scheme) => {
      const header = { name, scheme };
      expect(parseKeyHeader(formatKeyHeader(header))).toEqual(header);
      expect(parseKeyHeader(formatKeyHeader(header).toUpperCase()).name).toBe(name);
    }),
    { numRuns: RUNS.some },
  );
});

test("any text is a header that HTTP can send, or an error that does not quote it", () => {
  const text = fc.oneof(
    fc.string({ unit: "binary", maxLength: 60 }),
    fc.string({ unit: fc.constantFrom(..."Xx-:_ .a1é\n\t\0,;\"'"), maxLength: 30 }),
    fc.tuple(names, fc.string({ maxLength: 20 })).map(([name, rest]) => `${name}:${rest}`),
  );
  fc.assert(
    fc.property(text, (text) => {
      const error = errorOf(text);
      if (error === undefined) {
        for (const [name, value] of Object.entries(keyHeaders(parseKeyHeader(text), "key"))) {
          validateHeaderName(name);
          validateHeaderValue(name, String(value));
          expect(String(value)).toMatch(/^(?:[A-Za-z][\w.-]{0,39} )?key$/);
        }
      } else {
        expect(["USAGE", "TOKEN_MISPLACED"]).toContain(error.code);
        if (text.length > 12) expect(`${error.message} ${error.hint}`).not.toContain(text);
      }
    }),
    { numRuns: RUNS.tokens },
  );
});

function errorOf(text: string): KeysError | undefined {
  try {
    parseKeyHeader(text);
  } catch (error) {
    if (error instanceof KeysError) return error;
    throw error;
  }
  return undefined;
}
