import { createHash, randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { digestToken, FORGOTTEN } from "../../src/core/digest.ts";
import { opaqueIdOf } from "../../src/core/opaque.ts";
import { parseToken } from "../../src/core/token.ts";
import { createKeys } from "../../src/keys/keys.ts";
import { openEnvStore } from "../../src/stores/env.ts";
import { openFileStore } from "../../src/stores/file.ts";
import { openMemoryStore } from "../../src/stores/memory.ts";
import { aKey, aVersion } from "../fakes.ts";
import { aFolder, aWorld } from "../stores/place.ts";

const NOW = 1_800_000_000;
const DAY = 86_400;
const TOKEN = "4fQ8Zr2LxWm7Vt0KcB9nYs6Jd3Hg5Pa1";
const PEPPER = { id: "p1", key: "k".repeat(32) };

async function openKeys(peppers: { id: string; key: string }[] = []) {
  const store = await openMemoryStore();
  const clock = { now: NOW };
  const keys = createKeys({ store, now: () => clock.now, by: "ada@laptop", peppers });
  const plain = createKeys({ store, now: () => clock.now, by: "ada@laptop", peppers: [] });
  return { store, clock, keys, plain };
}

const forever = { expiresAt: null };
const deliver = async (): Promise<void> => undefined;

describe("import", () => {
  test("accepts the token at once, with the settings of the key, and stores only its digest", async () => {
    const { keys, store } = await openKeys();
    const expiresAt = NOW + 30 * DAY;
    const key = await keys.import({
      name: "shared",
      token: TOKEN,
      expiresAt,
      scopes: ["a"],
      owner: "ada",
      tags: { x: "y" },
    });
    expect(key).toMatchObject({ name: "shared", prefix: "opaque", scopes: ["a"], owner: "ada", tags: { x: "y" } });
    expect(key.versions).toMatchObject([{ n: 1, state: "current", promotedAt: NOW, expiresAt }]);
    expect(key.versions[0]).not.toHaveProperty("weak");
    expect(await keys.check(TOKEN)).toMatchObject({ ok: true, key: { id: key.id } });
    expect(JSON.stringify(await store.snapshot())).not.toContain(TOKEN);
    expect(await keys.check(`${TOKEN}x`)).toMatchObject({ ok: false, reason: "malformed" });
  });

  test("gives a token the id that it has in env:", async () => {
    const { keys } = await openKeys();
    const env = await openEnvStore("", { env: { MCP_API_KEY: TOKEN } });
    const { id } = await keys.import({ token: TOKEN, ...forever });
    expect((await env.list()).map((key) => key.id)).toEqual([id]);
  });

  test("keeps the id of a token in our format that another store issued", async () => {
    const [other, here] = [await openKeys(), await openKeys()];
    const issued = await other.keys.generate({ name: "ci", prefix: "acme_live", ...forever });
    const token = issued.token.reveal();
    const key = await here.keys.import({ name: "moved", token, ...forever });
    expect(key.id).toBe(issued.key.id);
    expect(await here.keys.check(token)).toMatchObject({ ok: true, key: { name: "moved" } });
  });

  test("gives tokens in our format under the same key after a rotation, and retires the old token with the overlap", async () => {
    const { keys, clock } = await openKeys();
    const { id } = await keys.import({ name: "shared", token: TOKEN, expiresAt: NOW + 30 * DAY });
    let delivered = "";
    const rotated = await keys.rotate("shared", {
      overlap: DAY,
      deliver: async ({ token }) => void (delivered = token.reveal()),
    });
    expect(rotated).toMatchObject({ key: { id }, version: { n: 2, expiresAt: NOW + 30 * DAY } });
    expect(parseToken(delivered)).toEqual({ ok: true, prefix: "mcp", id });
    expect(await keys.check(TOKEN)).toMatchObject({ ok: true, version: { n: 1, state: "retiring" } });
    clock.now += DAY - 1;
    expect(await keys.check(TOKEN)).toMatchObject({ ok: true });
    clock.now += 1;
    expect(await keys.check(TOKEN)).toMatchObject({ ok: false, reason: "expired", key: { id } });
    expect(await keys.check(delivered)).toMatchObject({ ok: true, key: { id }, version: { n: 2 } });
  });

  test("refuses a token that can be guessed, unless that is allowed, and marks it", async () => {
    const { keys } = await openKeys();
    const input = { name: "shared", token: "changeme123", ...forever };
    await expect(keys.import(input)).rejects.toMatchObject({
      code: "TOKEN_WEAK",
      hint: expect.stringContaining("--allow-weak") as string,
    });
    const key = await keys.import({ ...input, allowWeak: true });
    expect(key.versions).toMatchObject([{ n: 1, weak: true }]);
    await keys.rotate("shared", { deliver });
    expect((await keys.get("shared")).versions.map(({ weak }) => weak)).toEqual([true, undefined]);
  });

  test("gives a weak token a random id, because an id in a log must not help to guess it", async () => {
    const [a, b] = [await openKeys(), await openKeys()];
    const input = { name: "shared", token: "changeme123", allowWeak: true, ...forever };
    expect((await a.keys.import(input)).id).not.toBe((await b.keys.import(input)).id);
  });

  test("does not mark a strong token as weak when weak ones are allowed", async () => {
    const { keys } = await openKeys();
    expect((await keys.import({ token: TOKEN, allowWeak: true, ...forever })).versions[0]).not.toHaveProperty("weak");
  });

  test.each([
    ["empty", ""],
    ["in quotes", `"${TOKEN}"`],
    ["with its scheme", `Bearer ${TOKEN}`],
    ["an unexpanded variable", "${MCP_API_KEY}"],
    ["longer than a guard accepts", "aB3".repeat(1_366)],
    ["with characters that no header carries", "päßwörd-päßwörd-päßwörd"],
  ])("refuses a token that is %s", async (_, token) => {
    const { keys, store } = await openKeys();
    const refused = keys.import({ token, allowWeak: true, ...forever });
    await expect(refused).rejects.toMatchObject({ code: "TOKEN_UNUSABLE" });
    expect(await store.list()).toEqual([]);
  });

  test("refuses a token that the store has already, with or without a pepper", async () => {
    const { keys, plain } = await openKeys([PEPPER]);
    const key = await plain.import({ name: "old", token: TOKEN, ...forever });
    await expect(keys.import({ name: "new", token: TOKEN, ...forever })).rejects.toMatchObject({
      code: "TOKEN_TAKEN",
      message: `the token is already in the store: it belongs to version 1 of old (${key.id})`,
    });
    const { token } = await keys.generate({ name: "ci", ...forever });
    const again = keys.import({ name: "ci2", token: token.reveal(), ...forever });
    await expect(again).rejects.toMatchObject({ code: "TOKEN_TAKEN" });
    const changed = `${token.reveal().slice(0, 17)}${"0".repeat(49)}`;
    await expect(keys.import({ token: changed, ...forever })).rejects.toMatchObject({ code: "TOKEN_UNUSABLE" });
  });

  test("refuses a token that was revoked, also where its digest is forgotten", async () => {
    const { keys, store } = await openKeys();
    await keys.import({ name: "old", token: TOKEN, ...forever });
    await keys.revoke("old", { reason: "compromised" });
    const again = { name: "new", token: TOKEN, ...forever };
    await expect(keys.import(again)).rejects.toMatchObject({ code: "KEY_NOT_ACTIVE" });
    const forgetful = { ...store, find: async () => null };
    const other = createKeys({ store: forgetful, now: () => NOW, by: "ada", peppers: [] });
    await expect(other.import(again)).rejects.toMatchObject({ code: "TOKEN_TAKEN" });
  });

  test("refuses a name that is taken, and says how to free the name of a revoked key", async () => {
    const { keys } = await openKeys();
    await keys.generate({ name: "ci", ...forever });
    const input = { name: "ci", token: TOKEN, ...forever };
    await expect(keys.import(input)).rejects.toMatchObject({ code: "NAME_TAKEN", hint: "choose another name" });
    await keys.revoke("ci");
    const hint = expect.stringContaining("revoke ci --release-name") as string;
    await expect(keys.import(input)).rejects.toMatchObject({ code: "NAME_TAKEN", hint });
    await keys.revoke("ci", { releaseName: true });
    expect(await keys.import(input)).toMatchObject({ name: "ci" });
  });

  test("names the key itself if no name is given", async () => {
    const { keys } = await openKeys();
    expect(await keys.import({ token: TOKEN, ...forever })).toMatchObject({ name: "default" });
    const key = await keys.import({ token: randomBytes(24).toString("base64url"), ...forever });
    expect(key.name).toBe(`key-${key.id}`);
  });

  test("keys the digest with the current pepper", async () => {
    const { keys, plain, store } = await openKeys([PEPPER]);
    await keys.import({ name: "shared", token: TOKEN, ...forever });
    expect((await store.get("shared"))?.versions[0]?.digest).toBe(digestToken(TOKEN, PEPPER));
    expect(await keys.check(TOKEN)).toMatchObject({ ok: true });
    await expect(plain.check(TOKEN)).rejects.toMatchObject({ code: "PEPPER_MISSING" });
  });

  test("lets only one of two imports of the same token win", async () => {
    const { keys, store } = await openKeys();
    const results = await Promise.allSettled(["a", "b"].map((name) => keys.import({ name, token: TOKEN, ...forever })));
    expect(results.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    expect(await store.list()).toHaveLength(1);
  });

  test("the mark of a weak token survives a restart and a compaction", async () => {
    const path = `${await aFolder()}/keys.jsonl`;
    const open = () => openFileStore(path, aWorld());
    const store = await open();
    const keys = createKeys({ store, now: () => NOW, by: "ada", peppers: [] });
    await keys.import({ name: "shared", token: "changeme123", allowWeak: true, ...forever });
    await keys.disable("shared");
    await store.compact({ at: NOW, by: "ada" });
    await store.close();
    const again = await open();
    expect((await again.get("shared"))?.versions).toMatchObject([{ n: 1, weak: true }]);
    await again.close();
  });
});

describe("importDigests", () => {
  const digest = (token: string) => digestToken(token);
  const input = (name: string, token = name) => ({ name, digest: digest(token), ...forever });

  test("imports all keys in one change", async () => {
    const { keys, store } = await openKeys();
    const imported = await keys.importDigests([
      { ...input("a", "token a"), scopes: ["x"] },
      { ...input("b", "token b"), enabled: false, expiresAt: NOW - 1 },
    ]);
    expect(imported.map(({ name, prefix, revision }) => [name, prefix, revision])).toEqual([
      ["a", "opaque", 1],
      ["b", "opaque", 1],
    ]);
    expect((await store.snapshot()).seq).toBe(1);
    expect(await keys.check("token a", { scopes: ["x"] })).toMatchObject({ ok: true, key: { name: "a" } });
    expect(await keys.check("token b")).toMatchObject({ ok: false, reason: "expired" });
  });

  test.each([
    ["an invalid name", [input("a"), input("not a name")], "USAGE", /^entry 2: /],
    ["a name twice", [input("a"), input("a", "other")], "NAME_TAKEN", /^entry 2: a key named a/],
    ["a digest twice", [input("a", "t"), input("b", "t")], "TOKEN_TAKEN", /^entry 2: the token with this digest/],
    ["a name of the store", [input("ci")], "NAME_TAKEN", /^entry 1: a key named ci/],
    ["a digest of the store", [input("a", TOKEN)], "TOKEN_TAKEN", /version 1 of ci/],
    ["its own source", [{ ...input("a", TOKEN), source: "line 7" }], "TOKEN_TAKEN", /^line 7: /],
    [
      "a token in a note",
      [{ ...input("a"), note: `mcp_${"a1B".repeat(4)}_${"a1B".repeat(16)}x` }],
      "TOKEN_MISPLACED",
      /^entry 1/,
    ],
  ])("imports nothing if there is %s, and names the entry", async (_, inputs, code, message) => {
    const { keys, store } = await openKeys();
    await keys.import({ name: "ci", token: TOKEN, ...forever });
    await expect(keys.importDigests([input("first"), ...inputs].slice(1))).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
    });
    expect(await store.list()).toHaveLength(1);
  });

  test.each([
    ["a token that the store has under a pepper", [PEPPER], false],
    ["a revoked token under a pepper", [PEPPER], true],
  ])("refuses the digest of %s", async (_, peppers, isRevoked) => {
    const { keys, plain, store } = await openKeys(peppers);
    await keys.import({ name: "ci", token: TOKEN, ...forever });
    if (isRevoked) await keys.revoke("ci");
    const again = plain.importDigests([input("other"), input("again", TOKEN)]);
    await expect(again).rejects.toMatchObject({
      code: "TOKEN_TAKEN",
      message: expect.stringMatching(/^entry 2: /) as string,
    });
    expect(await store.list()).toHaveLength(1);
  });

  test("refuses a digest that the store dropped when it was revoked", async () => {
    const { keys, store } = await openKeys();
    const versions = [aVersion({ state: "revoked", reason: "compromised", digest: FORGOTTEN })];
    const tombstone = aKey({ id: opaqueIdOf(TOKEN), prefix: "opaque", versions });
    await store.write({ op: "import", at: 1, by: "ada", keys: [tombstone] });
    await expect(keys.importDigests([input("again", TOKEN)])).rejects.toMatchObject({ code: "TOKEN_TAKEN" });
  });

  test("refuses a digest that was revoked", async () => {
    const { keys } = await openKeys();
    await keys.import({ name: "ci", token: TOKEN, ...forever });
    await keys.revoke("ci");
    await expect(keys.importDigests([input("a", TOKEN)])).rejects.toMatchObject({ code: "KEY_NOT_ACTIVE" });
  });

  test.each([
    ["no list", "x" as unknown as []],
    ["nothing", []],
    ["a bare hash", [{ name: "a", digest: "ab".repeat(32), ...forever }] as never],
    ["no expiry", [{ name: "a", digest: digest("a") }] as never],
  ])("refuses %s", async (_, inputs) => {
    const { keys } = await openKeys();
    await expect(keys.importDigests(inputs)).rejects.toMatchObject({ code: "USAGE" });
  });
});

/** How other systems make and hash their keys, written from their sources. */
describe("digests of other systems", () => {
  const random = (size: number, alphabet: string) =>
    Array.from(randomBytes(size), (byte) => alphabet[byte % alphabet.length]).join("");
  const BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
  const LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

  test("Unkey: base64 of the SHA-256 of the whole key", async () => {
    const { keys } = await openKeys();
    const token = `prod_${random(22, BASE58)}`;
    const column = createHash("sha256").update(token).digest("base64");
    const hex = Buffer.from(column, "base64").toString("hex");
    await keys.importDigests([{ name: "unkey", digest: `sha256:${hex}`, ...forever }]);
    expect(await keys.check(token)).toMatchObject({ ok: true, key: { name: "unkey" } });
  });

  test("better-auth: base64url without padding of the SHA-256 of the whole key with its prefix", async () => {
    const { keys } = await openKeys();
    const token = `sk_${random(64, LETTERS)}`;
    const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token));
    const column = Buffer.from(bytes).toString("base64").replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
    const hex = Buffer.from(column, "base64url").toString("hex");
    await keys.importDigests([{ name: "better-auth", digest: `sha256:${hex}`, ...forever }]);
    expect(await keys.check(token)).toMatchObject({ ok: true, key: { name: "better-auth" } });
  });

  test("prefixed-api-key: its hash covers the long part only, so it accepts neither the token nor that part as sent by clients", async () => {
    const { keys } = await openKeys();
    const long = random(24, BASE58);
    const token = `acme_${random(8, BASE58)}_${long}`;
    const hex = createHash("sha256").update(long).digest("hex");
    await keys.importDigests([{ name: "prefixed", digest: `sha256:${hex}`, ...forever }]);
    expect(await keys.check(token)).toMatchObject({ ok: false });
    const key = await keys.import({ name: "whole", token, ...forever });
    expect(await keys.check(token)).toMatchObject({ ok: true, key: { id: key.id } });
  });
});
