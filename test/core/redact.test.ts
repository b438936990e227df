import fc from "fast-check";
import { expect, test } from "vitest";
import { createRedact, createRedactor } from "../../src/core/redact.ts";
import { RUNS } from "../arbitraries.ts";
import { Secret } from "../../src/core/secret.ts";
import { reportTokens, type Lab } from "../../src/probe/target/lab.ts";
import type { FollowedStore } from "../probe/servers/following-server.ts";
import { followingServer } from "../probe/servers/following-server.ts";
import { probeAt } from "../probe/servers/probing.ts";
import { during, TOKEN } from "../probe/verify/verifying.ts";

const token = TOKEN.reveal();
const redact = createRedact([TOKEN, new Secret("an-opaque-token")]);

test.each([
  ["plain text", 'Bearer realm="mcp"', 'Bearer realm="mcp"'],
  ["colours and cursor movements", "\u001b[2J\u001b[31mred\u009b1A", "[2J [31mred 1A"],
  ["line breaks", "a\r\nerror: b\u2028c", "a error: b c"],
  ["direction characters", "abc\u202edcba\u2066", "abcdcba"],
  ["half a surrogate pair", "a\ud800b", "ab"],
  ["surrounding blanks", "  a  ", "a"],
  ["a token", `you sent Bearer ${token}!`, "you sent Bearer [secret]!"],
  ["the same token twice", `${token}${token}`, "[secret][secret]"],
  ["a token with invisible characters in it", [...token].join("\u200b"), "[secret]"],
  ["the start of a secret", `starts ${token.slice(0, 30)}…`, "starts mcp_7Fq2x9Lm0aBc_[secret]…"],
  ["the end of a token", `ends ${token.slice(-8)}`, "ends [secret]"],
  ["prefix and id, which are public", "key mcp_7Fq2x9Lm0aBc", "key mcp_7Fq2x9Lm0aBc"],
  [
    "a token in lower case, as in a host name",
    `http://${token.slice(17).toLowerCase()}.example`,
    "http://[secret].example",
  ],
  ["part of an opaque token", "got an-opaque-tok", "got [secret]"],
])("makes text safe to print: %s", (_, text, shown) => {
  expect(redact(text)).toBe(shown);
});

test("truncates text after masking, so no part of a token remains at the cut", () => {
  expect(redact("x".repeat(1000))).toHaveLength(300);
  expect(redact(`${"x".repeat(20)}${token}`, 30)).toBe("xxxxxxxxxxxxxxxxxxxx[secret]");
  expect(redact("x".repeat(1_000_000), 10)).toBe("xxxxxxxxx…");
});

test("never shows eight characters of a secret, no matter what surrounds it", () => {
  const secret = token.slice(token.lastIndexOf("_") + 1);
  const pieces = Array.from({ length: secret.length - 7 }, (_, i) => secret.slice(i, i + 8));
  const part = fc.tuple(fc.nat(60), fc.nat(70)).map(([from, to]) => token.slice(from, to));
  const noise = fc.string({ unit: "binary", maxLength: 5 });
  fc.assert(
    fc.property(
      fc.array(fc.oneof(part, noise, fc.constant(token)), { maxLength: 6 }),
      fc.integer({ min: 1, max: 200 }),
      (texts, limit) => {
        const shown = redact(texts.join(""), limit);
        expect(shown.length).toBeLessThanOrEqual(limit);
        expect(pieces.filter((piece) => shown.includes(piece))).toEqual([]);
        expect(shown).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      },
    ),
    { numRuns: RUNS.some },
  );
});

test("masks keys created in the store in the report", async () => {
  const canary = TOKEN.reveal().replace(/_[^_]+$/, "_QqWwEeRrTtYyUuIiOoPpAaSsDdFfGgHhJjKkLlZzXxCcVvBb0");
  const { start, options } = followingServer(undefined, {
    answerModern(response, posted) {
      if (posted.method !== "server/discover") {
        this.answer(response, posted);
        return;
      }
      const _meta = { "io.modelcontextprotocol/serverInfo": { name: `I am ${canary}`, version: canary.slice(-20) } };
      this.result(response, posted, { supportedVersions: ["2026-07-28"], capabilities: { tools: {} }, _meta });
    },
  });
  const { url } = await during(start());
  const store = options.lab as FollowedStore;
  const lab: Lab = {
    knows: (key) => store.knows(key),
    mint: async (purpose, lifetime) => {
      const key = await store.mint(purpose, lifetime);
      store.keys.at(-1)!.tokens.push(canary);
      return { ...key, token: new Secret(canary) };
    },
  };
  const report = await probeAt(url, { ...options, lab, only: ["accepts-new-key"] });
  expect(report).toMatchObject({
    counts: { pass: 1 },
    server: { name: "I am [secret]", version: "[secret]" },
  });
});

test("reports every token of a lab before it is used", async () => {
  const { options } = followingServer();
  const { redact, add } = createRedactor([]);
  const lab = reportTokens(options.lab!, add);
  const key = await lab.mint("lifecycle");
  const rotated = await key.rotate();
  for (const token of [key.token, rotated]) expect(redact(`sent ${token.reveal()}`)).toBe("sent [secret]");
  await key.disable();
  expect((options.lab as FollowedStore).keys).toMatchObject([{ enabled: false }]);
});

test.each([
  ["in base64", (key: string) => btoa(key)],
  ["in base64 after a scheme", (key: string) => btoa(`Bearer ${key}`)],
  ["in base64 with a user", (key: string) => btoa(`ab:${key}!`)],
  ["in base64url", (key: string) => Buffer.from(`é${key}`).toString("base64url")],
  ["in hex", (key: string) => Buffer.from(key).toString("hex").toUpperCase()],
  ["backwards", (key: string) => [...key].reverse().join("")],
])("masks a token %s", (_, encode) => {
  const key = "sk-acme-7Hq2ZpLm0aBcD4eFgT9uVwXy1KnRs5Jo";
  const encoded = encode(key);
  const shown = createRedactor([new Secret(key)]).redact(`before ${encoded} after`);
  expect(shown).toMatch(/^before .{0,12}\[secret\].{0,12} after$/);
});

test("masks the password of Basic", () => {
  const { redact } = createRedactor([new Secret(btoa("ci:correct-horse-battery"))]);
  expect(redact("your password is correct-horse-battery")).toBe("your password is [secret]");
});
