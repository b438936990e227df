import { describe, expect, test } from "vitest";
import { digestToken } from "../../src/core/digest.ts";
import { formatToken } from "../../src/core/token.ts";
import { KeysError } from "../../src/errors.ts";
import { openEnvStore } from "../../src/stores/env.ts";

const tokenOf = (id: string, secret: string, prefix = "mcp") =>
  formatToken({ prefix, id, secret: secret.padEnd(43, "0") }).reveal();
const token = tokenOf("7Fq2x9Lm0aBc", "old", "acme_live");
const opaque = "9f86d081884c7d659a2feaa0c55ad0159f86d081884c7d65";
const open = (env: Record<string, string | undefined>) => openEnvStore("", { env });
const refusal = async (env: Record<string, string>) => {
  const fault: unknown = await open(env).then(
    () => null,
    (cause: unknown) => cause,
  );
  expect(fault).toBeInstanceOf(KeysError);
  // An error never quotes the secret.
  for (const value of Object.values(env))
    expect(JSON.stringify(fault)).not.toContain(value.trim().slice(0, 12) || "\0");
  return fault;
};

test("a token in our format becomes a key with its id and prefix", async () => {
  const store = await open({ MCP_API_KEY: token });
  expect(await store.get("7Fq2x9Lm0aBc")).toMatchObject({
    name: "env-1",
    prefix: "acme_live",
    scopes: [],
    enabled: true,
    versions: [{ n: 1, digest: digestToken(token), state: "current", expiresAt: null }],
  });
  expect(await store.find(digestToken(token))).not.toBeNull();
});

test("accepts any of the variables and ignores empty entries", async () => {
  const other = tokenOf("BBBBBBBBBBBB", "b");
  const hash = digestToken("some other token");
  const store = await open({
    MCP_API_KEY: token,
    MCP_API_KEYS: ` ${other} ,\n\n${opaque},`,
    MCP_API_KEY_HASHES: `${hash}\n`,
  });
  expect((await store.list()).map(({ name, id }) => [name, id])).toEqual([
    ["env-1", "7Fq2x9Lm0aBc"],
    ["env-2", "BBBBBBBBBBBB"],
    ["env-3", expect.stringMatching(/^[0-9A-Za-z]{12}$/)],
    ["env-4", expect.stringMatching(/^[0-9A-Za-z]{12}$/)],
  ]);
  expect(await (await open({ MCP_API_KEY: "", MCP_API_KEYS: " , " })).list()).toEqual([]);
});

test("derives a stable and unique id for a token without one", async () => {
  const one = await open({ MCP_API_KEY: opaque });
  const two = await open({ MCP_API_KEYS: `${opaque.replace("9", "8")},${opaque}` });
  expect((await two.list())[1]?.id).toBe((await one.list())[0]?.id);
  expect((await two.list())[0]?.id).not.toBe((await one.list())[0]?.id);
});

test("two tokens with the same id are versions of one key", async () => {
  const next = tokenOf("7Fq2x9Lm0aBc", "new", "acme_live");
  const store = await open({ MCP_API_KEYS: `${token},${next}` });
  const keys = await store.list();
  expect(keys).toMatchObject([
    {
      versions: [
        { n: 1, digest: digestToken(token) },
        { n: 2, digest: digestToken(next) },
      ],
    },
  ]);
});

test("a token listed twice is one version, with the earlier expiry", async () => {
  const store = await open({
    MCP_API_KEY: token,
    MCP_API_KEYS: token,
    MCP_API_KEY_HASHES: `${digestToken(token)}@900,${digestToken(token)}@800`,
  });
  expect(await store.list()).toMatchObject([{ id: "7Fq2x9Lm0aBc", versions: [{ expiresAt: 800 }] }]);
  expect((await store.list())[0]?.versions).toHaveLength(1);
});

test("a digest with a time expires then", async () => {
  const store = await open({ MCP_API_KEY_HASHES: `${digestToken("a")}@1800000000` });
  expect(await store.find(digestToken("a"))).toMatchObject({ version: { expiresAt: 1_800_000_000 } });
});

test("a digest with a pepper needs that pepper", async () => {
  const pepper = { id: "p1", key: "k".repeat(32) };
  const env = {
    MCP_API_KEY_HASHES: digestToken("a", pepper),
    MCP_KEYS_PEPPER: `p0:${"x".repeat(32)},p1:${pepper.key}`,
  };
  expect(await (await open(env)).list()).toHaveLength(1);
  await expect(open({ MCP_API_KEY_HASHES: env.MCP_API_KEY_HASHES })).rejects.toMatchObject({
    code: "PEPPER_INVALID",
    hint: "add the pepper p1 to MCP_KEYS_PEPPER",
  });
});

describe("rejects, and names the variable:", () => {
  test.each([
    ["an unexpanded variable", "${MCP_API_KEY}"],
    ["quotes", `"${opaque}"`],
    ["a trailing space", `${opaque} `],
    ["a stray scheme", `Bearer ${opaque}`],
    ["a missing character", token.slice(0, -1)],
    ["a changed character", token.replace("_7F", "_7G")],
  ])("%s", async (_, text) => {
    expect(await refusal({ MCP_API_KEY: text })).toMatchObject({
      code: "TOKEN_UNUSABLE",
      message: expect.stringMatching(/^the token from MCP_API_KEY /),
    });
  });

  test("names the position in a list", async () => {
    expect(await refusal({ MCP_API_KEYS: `${opaque},changeme` })).toMatchObject({
      code: "TOKEN_WEAK",
      message: expect.stringContaining("entry 2 of MCP_API_KEYS"),
    });
  });

  test.each(["changeme", "correct-horse-battery-staple", "a".repeat(100)])(
    "a token that can be guessed: %s",
    async (text) => {
      expect(await refusal({ MCP_API_KEY: text })).toMatchObject({ code: "TOKEN_WEAK" });
    },
  );

  const hash = digestToken("a");
  test.each([
    opaque,
    hash.slice(0, -1),
    hash.toUpperCase(),
    `${hash}@`,
    `${hash}@soon`,
    `${hash}@-1`,
    `${hash}@1@2`,
    `${hash}@1.5`,
    `${hash}@1e99`,
  ])("not a digest: %s", async (text) => {
    expect(await refusal({ MCP_API_KEY_HASHES: text })).toMatchObject({ code: "TOKEN_UNUSABLE" });
  });
});
