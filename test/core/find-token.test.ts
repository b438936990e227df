import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { containsToken, findToken, maskCommand, maskTokens } from "../../src/core/find-token.ts";
import { BASE62, formatToken, parseToken } from "../../src/core/token.ts";

const base62 = (length: number) =>
  fc.array(fc.constantFrom(...BASE62), { minLength: length, maxLength: length }).map((letters) => letters.join(""));
const tokens = fc
  .record({
    prefix: fc.constantFrom("mcp", "a", "acme_live", "x1_y2_z3", "abcdefghijklmnopqrstuvwx"),
    id: base62(12),
    secret: base62(43),
  })
  .map((parts) => formatToken(parts).reveal());

describe("one of our tokens", () => {
  test("is found with any prefix and in any text, and is masked", () => {
    const around = fc.constantFrom(
      "",
      " ",
      "my key is ",
      "Bearer ",
      "KEY=",
      "https://host/mcp?key=",
      "https://u:",
      "«",
      "\n",
    );
    fc.assert(
      fc.property(tokens, around, fc.constantFrom("", " ", "/mcp", "@host", "\n", ".", '"'), (token, before, after) => {
        const parsed = parseToken(token);
        expect(findToken(before + token + after)).toBe(parsed.ok ? parsed.id : "");
        expect(findToken(encodeURIComponent(before + token).replaceAll("_", "%5F"))).not.toBeUndefined();
        expect(maskTokens(before + token + after)).toBe(`${before}[secret]${after}`);
      }),
    );
  });

  test("is found with a character replaced, lost or added, or cut short", () => {
    fc.assert(
      fc.property(tokens, fc.nat(), fc.constantFrom(...BASE62), (token, seed, letter) => {
        // An underscore that is gone joins the parts; the secret is still found.
        const at = seed % token.length;
        expect(findToken(token.slice(0, at) + letter + token.slice(at + 1)), "replaced").not.toBeUndefined();
        expect(findToken(token.slice(0, at) + token.slice(at + 1)), "lost").not.toBeUndefined();
        expect(findToken(token.slice(0, at) + letter + token.slice(at)), "added").not.toBeUndefined();
        expect(findToken(token.slice(0, -1 - (seed % 8))), "cut short").not.toBeUndefined();
        expect(findToken(token.slice(at % 4)), "without its start").not.toBeUndefined();
      }),
    );
  });

  test("is found with most of the secret missing", () => {
    const short = Array.from({ length: 500 }, () => {
      const id = randomBytes(9).toString("hex").slice(0, 12);
      return formatToken({ prefix: "mcp", id, secret: `aB3${"Zz9".repeat(14)}`.slice(0, 43) })
        .reveal()
        .slice(0, 37);
    });
    expect(short.filter((text) => findToken(text) === undefined)).toEqual([]);
  });
});

test.each([
  "ghp_" + "aB3".repeat(12),
  "sk-proj-" + "aB3".repeat(12),
  "sk_live_" + "aB3".repeat(8),
  "github_pat_" + "aB".repeat(11) + "_" + "aB3".repeat(20).slice(1),
  "glpat-" + "aB3".repeat(7),
  "xoxb-1234567890-abcdef",
  "npm_" + "aB3".repeat(12),
  "hf_" + "aB".repeat(17),
  `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.${"a".repeat(43)}`,
])("%s is a token of another service", (text) => {
  expect(containsToken(text)).toBe(true);
  expect(containsToken(`the key ${text}.`)).toBe(true);
  expect(findToken(text)).toBeUndefined();
});

test.each([
  "ci",
  "key-7Fq2x9Lm0aBc",
  "mcp_7Fq2x9Lm0aBc",
  "key mcp_7Fq2x9Lm0aBc is for the nightly build",
  "acme_environments_continuousdelivery",
  "get_Environments_ContinuousDeliveryPipeline",
  "sk-learn-model-server-prod-eu-west-1",
  "task-runner-for-the-nightly-build-2027",
  "/home/ada/my_deployments1_production/keys.jsonl",
  "file:/var/folders/zz/zyxvpxvq6csfxvn_n0000000000000/T/mcp-keys-cli-aB3dE9/keys.jsonl",
  "https://host.example/notes_environments1_production_servers_and_more/mcp",
  "deployed from 3d8a393c0ffee3d8a393c0ffee3d8a393c0ffee1",
  "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
  "SHA256:uNiVztksCsDhcc0u9e8BrUABCDEFGHIJKLMNOPQRSTU",
  "123e4567-e89b-42d3-a456-426614174000",
  "cat > '/tmp/x'; vault kv put secret/mcp_notes_server_production token=-",
])("%j contains no token", (text) => {
  expect(containsToken(text)).toBe(false);
  expect(maskTokens(text)).toBe(text);
});

describe("a command", () => {
  test.each([
    [
      `curl -H "Authorization: Bearer s3cret" https://host/hook`,
      `curl -H "Authorization: Bearer [secret]" https://host/hook`,
    ],
    [`curl -H 'authorization: basic dTpw' x`, `curl -H 'authorization: basic [secret]' x`],
    ["curl https://ada:pw@host/hook", "curl https://ada:[secret]@host/hook"],
    [`gh api -H x:ghp_${"a1".repeat(18)}; glab glpat-${"a1".repeat(10)}`, "gh api -H x:[secret]; glab [secret]"],
  ])("%s is shown without its secrets", (command, shown) => {
    expect(maskCommand(command)).toBe(shown);
  });

  test.each([
    `curl -H "Authorization: Bearer $TOKEN" https://host/hook`,
    "git push https://x:$PASSWORD@host/repo",
    "ssh deploy@host.example 'cat >/etc/mcp/keyset.json'",
    "op read op://Deploy/mcp-ci/credential",
  ])("%s has none", (command) => {
    expect(maskCommand(command)).toBe(command);
  });
});
