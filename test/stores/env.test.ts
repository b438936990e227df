import { generateKeyPairSync } from "node:crypto";
import { describe, expect, test } from "vitest";
import { digestToken } from "../../src/core/digest.ts";
import type { Key, Version } from "../../src/core/key.ts";
import { toKeyset } from "../../src/core/keyset/keyset.ts";
import { signKeyset } from "../../src/core/keyset/signature.ts";
import { formatToken } from "../../src/core/token.ts";
import { KeysError } from "../../src/errors.ts";
import { openEnvStore } from "../../src/stores/env.ts";
import { opaqueIdOf } from "../../src/core/opaque.ts";
import { aKey, aVersion } from "../fakes.ts";

const tokenOf = (id: string, secret: string, prefix = "mcp") =>
  formatToken({ prefix, id, secret: secret.padEnd(43, "0") }).reveal();
const token = tokenOf("7Fq2x9Lm0aBc", "old", "acme_live");
const opaque = "9f86d081884c7d659a2feaa0c55ad0159f86d081884c7d65";
const keyset = (keys: Key[]) =>
  JSON.stringify(toKeyset(keys, { store: "file:/k", seq: 1, epoch: "first", now: 1_800_000_000, names: true }));
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
  const store = await open({
    MCP_API_KEY: token,
    MCP_API_KEYS: ` ${other} ,\n\n${opaque},`,
    MCP_API_KEYSET: keyset([aKey({ id: "CCCCCCCCCCCC", name: "ci", scopes: ["deploy"] })]),
  });
  expect((await store.list()).map(({ name, id, scopes }) => [name, id, scopes])).toEqual([
    ["ci", "CCCCCCCCCCCC", ["deploy"]],
    ["env-1", "7Fq2x9Lm0aBc", []],
    ["env-2", "BBBBBBBBBBBB", []],
    ["env-3", expect.stringMatching(/^[0-9A-Za-z]{12}$/), []],
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

test("a token listed twice is one version", async () => {
  const store = await open({ MCP_API_KEY: token, MCP_API_KEYS: `${token},${token}` });
  expect((await store.list()).map(({ versions }) => versions.length)).toEqual([1]);
});

test("the keyset decides about its keys: a token that it does not list is not accepted", async () => {
  const next = tokenOf("7Fq2x9Lm0aBc", "new", "acme_live");
  const listed = aKey({ versions: [aVersion({ n: 2, digest: digestToken(next), expiresAt: 1_900_000_000 })] });
  const store = await open({ MCP_API_KEY: token, MCP_API_KEYS: next, MCP_API_KEYSET: keyset([listed]) });
  expect((await store.list()).map(({ name, versions }) => [name, versions.map(({ n }) => n)])).toEqual([["ci", [2]]]);
  expect(await store.find(digestToken(token))).toBeNull();
});

test("an imported token that the keyset holds keeps the keyset's expiry", async () => {
  const imported = aKey({
    prefix: "opaque",
    versions: [aVersion({ digest: digestToken(opaque), expiresAt: 1_900_000_000 })],
  });
  const store = await open({ MCP_API_KEY: opaque, MCP_API_KEYSET: keyset([imported]) });
  expect(await store.list()).toMatchObject([{ name: "ci", versions: [{ expiresAt: 1_900_000_000 }] }]);
});

test.each<[string, Partial<Version>]>([
  ["revoked", { state: "revoked", reason: "compromised" }],
  ["expired", { expiresAt: 1_700_000_000 }],
])("an imported token does not come back through a variable after its key was %s", async (_, end) => {
  const imported = aKey({
    ...{ id: opaqueIdOf(opaque), prefix: "opaque" },
    versions: [aVersion({ digest: digestToken(opaque), ...end })],
  });
  const store = await open({ MCP_API_KEY: opaque, MCP_API_KEYSET: keyset([imported, aKey()]) });
  expect((await store.list()).map(({ id }) => id)).toEqual(["7Fq2x9Lm0aBc", imported.id]);
  expect(await store.find(digestToken(opaque))).toBeNull();
});

test("a token's name never hides a key of the keyset", async () => {
  const taken = aKey({ id: "CCCCCCCCCCCC", name: "env-1", versions: [aVersion({ digest: digestToken("a") })] });
  const store = await open({ MCP_API_KEY: token, MCP_API_KEYSET: keyset([taken]) });
  expect((await store.list()).map(({ name }) => name)).toEqual(["env-1", "env-2"]);
});

test("with a public key, only a signed keyset is accepted", async () => {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const MCP_KEYS_KEYSET_PUBLIC_KEY = publicKey.export({ type: "spki", format: "pem" }).toString();
  const plain = keyset([aKey()]);
  const signed = signKeyset(plain, privateKey);
  expect(await (await open({ MCP_API_KEYSET: signed, MCP_KEYS_KEYSET_PUBLIC_KEY })).list()).toHaveLength(1);
  expect(await refusal({ MCP_API_KEYSET: plain, MCP_KEYS_KEYSET_PUBLIC_KEY })).toMatchObject({
    code: "KEYSET_INVALID",
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

  test("a keyset that is none", async () => {
    for (const text of [opaque, digestToken("a"), "{}", `${keyset([aKey()])}x`]) {
      expect(await refusal({ MCP_API_KEYSET: text })).toMatchObject({
        code: "KEYSET_INVALID",
        message: expect.stringMatching(/^MCP_API_KEYSET /),
      });
    }
  });
});
