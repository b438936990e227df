import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { createKeys } from "../../src/keys/keys.ts";
import { createVerifier } from "../../src/server/verifier/verifier.ts";
import { openFileStore } from "../../src/stores/file.ts";
import { openMemoryStore } from "../../src/stores/memory.ts";
import type { Change, KeyStore } from "../../src/stores/store.ts";
import { until } from "../server/fixture.ts";

const NOW = 1_800_000_000;
const WORLD = { env: {}, uid: process.getuid?.() ?? null, dataDir: null };
const forever = { expiresAt: null };

const keysOf = (store: KeyStore) => createKeys({ store, now: () => NOW, by: "ada@laptop", peppers: [] });

function createFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "mcp-keys-edit-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function changesOf(store: KeyStore): Promise<Change[]> {
  const changes: Change[] = [];
  for await (const change of store.changes(0)) changes.push(change);
  return changes;
}

async function openFile(path: string): Promise<KeyStore> {
  const store = await openFileStore(path, WORLD);
  onTestFinished(() => store.close());
  return store;
}

describe("update", () => {
  test("writes one change that says what changed, and keeps the tokens", async () => {
    const store = await openMemoryStore();
    const keys = keysOf(store);
    const { token } = await keys.generate({ name: "ci", scopes: ["a"], ...forever });
    const { key, changed } = await keys.update("ci", { name: "cd", addScopes: ["b"], expiresAt: NOW + 60 });
    expect({ key, changed }).toMatchObject({ changed: true, key: { name: "cd", scopes: ["a", "b"] } });
    expect(await keys.check(token.reveal(), { scopes: ["b"] })).toMatchObject({ ok: true, key: { name: "cd" } });
    const history = await changesOf(store);
    expect(history.at(-1)).toMatchObject({
      ...{ op: "update", by: "ada@laptop", at: NOW },
      detail: "name: ci -> cd; scopes: +b; expiry of version 1: never -> 2027-01-15T08:01:00Z",
    });
    expect((await keys.update("cd", { addScopes: ["b"] })).changed).toBe(false);
    expect(await changesOf(store)).toHaveLength(history.length);
  });

  test("without a change is refused and names the members", async () => {
    const keys = keysOf(await openMemoryStore());
    await keys.generate({ name: "ci", ...forever });
    for (const changes of [{}, { name: undefined }] as object[]) {
      await expect(keys.update("ci", changes)).rejects.toMatchObject({
        ...{ code: "USAGE", hint: expect.stringContaining("name, scopes, addScopes, removeScopes, audience, owner") },
      });
    }
    await expect(keys.update("missing", { owner: "ada" })).rejects.toMatchObject({ code: "KEY_NOT_FOUND" });
  });

  test("refuses a name that another key has, also a revoked one, or that is the id of another key", async () => {
    const keys = keysOf(await openMemoryStore());
    const { key } = await keys.generate({ name: "ci", ...forever });
    const { key: other } = await keys.generate({ name: "cd", ...forever });
    await keys.update("ci", { name: key.id });
    await keys.update(key.id, { name: "ci" });
    await expect(keys.update("ci", { name: other.id })).rejects.toMatchObject({ code: "NAME_TAKEN" });
    await expect(keys.update("ci", { name: "cd" })).rejects.toMatchObject({ code: "NAME_TAKEN" });
    await keys.revoke("cd");
    await expect(keys.update("ci", { name: "cd" })).rejects.toMatchObject({
      ...{ code: "NAME_TAKEN", hint: expect.stringContaining(`mcp-keys revoke ${other.id} --release-name`) },
    });
    await keys.revoke("cd", { releaseName: true });
    expect(await keys.update("ci", { name: "cd" })).toMatchObject({ changed: true, key: { id: key.id, name: "cd" } });
    await expect(keys.get("ci")).rejects.toMatchObject({ code: "KEY_NOT_FOUND" });
  });

  test("refuses a new expiry if the clock is before the last use of the key", async () => {
    const store = await openMemoryStore();
    const keys = keysOf(store);
    const { key } = await keys.generate({ name: "ci", ...forever });
    await store.touch([{ id: key.id, n: 1, at: NOW + 3_600 }]);
    await expect(keys.update("ci", { expiresAt: NOW + 60 })).rejects.toMatchObject({ code: "CLOCK_BEHIND" });
    expect(await keys.update("ci", { owner: "ada" })).toMatchObject({ changed: true });
  });

  test("frees the name of a revoked key also if another key is named <name>.<id>", async () => {
    const keys = keysOf(await openMemoryStore());
    const { key: bob } = await keys.generate({ name: "bob", ...forever });
    await keys.generate({ name: `bob.${bob.id}`, ...forever });
    await keys.generate({ name: `bob.${bob.id}.2`, ...forever });
    const { key } = await keys.revoke("bob", { releaseName: true });
    expect(key).toMatchObject({ name: `bob.${bob.id}.3`, versions: [{ state: "revoked" }] });
    expect(await keys.revoke(bob.id, { releaseName: true })).toMatchObject({ changed: false, key: { name: key.name } });
    const { key: next } = await keys.generate({ name: "bob", ...forever });
    await keys.generate({ name: `bob.${next.id}`, ...forever });
    await keys.revoke("bob");
    await keys.generate({ name: "bob", replace: true, ...forever });
    expect((await keys.get(next.id)).name).toBe(`bob.${next.id}.2`);
  });

  test("frees a name of 64 characters in the same way", async () => {
    const keys = keysOf(await openMemoryStore());
    const name = "b".repeat(64);
    const { key } = await keys.generate({ name, ...forever });
    await keys.generate({ name: `${"b".repeat(51)}.${key.id}`, ...forever });
    expect((await keys.revoke(name, { releaseName: true })).key.name).toBe(`${"b".repeat(49)}.${key.id}.2`);
  });

  test("refuses a revoked key", async () => {
    const keys = keysOf(await openMemoryStore());
    await keys.generate({ name: "ci", ...forever });
    await keys.revoke("ci");
    await expect(keys.update("ci", { expiresAt: null })).rejects.toMatchObject({ code: "KEY_NOT_ACTIVE" });
    await expect(keys.update("ci", { owner: "ada" })).rejects.toMatchObject({ code: "KEY_NOT_ACTIVE" });
  });
});

test("of many stores that give keys the same name at once, one succeeds; edits of one key at once all count", async () => {
  const path = join(createFolder(), "keys.jsonl");
  const writers = await Promise.all(Array.from({ length: 6 }, async () => keysOf(await openFile(path))));
  for (const [i, keys] of writers.entries()) await keys.generate({ name: `key-${String(i)}`, ...forever });
  const renamed = await Promise.allSettled([
    ...writers.map((keys, i) => keys.update(`key-${String(i)}`, { name: "same" })),
    writers[0]!.generate({ name: "same", ...forever }),
  ]);
  const failed = renamed.filter(({ status }) => status === "rejected");
  expect(failed).toHaveLength(6);
  for (const each of failed) expect(each).toMatchObject({ reason: { code: "NAME_TAKEN" } });
  await Promise.all(writers.map((keys, i) => keys.update("same", { addScopes: [`s${String(i)}`] })));
  const all = await writers[0]!.list();
  expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
  expect([...(await writers[0]!.get("same")).scopes].sort()).toEqual(["s0", "s1", "s2", "s3", "s4", "s5"]);
});

test("an operation that has to try again stays with its key when the name goes to another key meanwhile", async () => {
  const store = await openMemoryStore();
  const rival = keysOf(store);
  const { key } = await rival.generate({ name: "ci", ...forever });
  let once = true;
  const slow: KeyStore = {
    ...store,
    write: async (draft) => {
      if (once) {
        once = false;
        await rival.update("ci", { name: "old" });
        await rival.generate({ name: "ci", ...forever });
      }
      return store.write(draft);
    },
  };
  expect(await keysOf(slow).disable("ci")).toMatchObject({ changed: true, key: { id: key.id, name: "old" } });
  expect(await rival.get("ci")).toMatchObject({ enabled: true });
});

test("a running server follows each edit within a second, and the history keeps them", async () => {
  const path = join(createFolder(), "keys.jsonl");
  const admin = keysOf(await openFile(path));
  const { token } = await admin.generate({ name: "ci", scopes: ["notes:read", "deploy"], ...forever });
  const clock = { now: NOW };
  const verifier = await createVerifier({
    store: await openFile(path),
    now: () => clock.now,
    audience: "https://a/mcp",
  });
  onTestFinished(() => verifier.close());
  const reason = (scopes: string[] = []) => {
    const verdict = verifier.verify(token.reveal(), { scopes });
    return verdict.ok ? "ok" : verdict.reason;
  };
  const follows = async (changes: Parameters<typeof admin.update>[1], check: () => boolean) => {
    expect(check()).toBe(false);
    await admin.update("ci", changes);
    const start = performance.now();
    await until(check);
    expect(performance.now() - start).toBeLessThan(1_000);
  };
  expect(reason(["deploy"])).toBe("ok");
  await follows({ removeScopes: ["deploy"] }, () => reason(["deploy"]) === "insufficient-scope");
  expect(reason(["notes:read"])).toBe("ok");
  await follows({ addScopes: ["deploy"] }, () => reason(["deploy"]) === "ok");
  await follows({ audience: ["https://b/mcp"] }, () => reason() === "wrong-audience");
  await follows({ audience: [] }, () => reason() === "ok");
  clock.now += 60;
  await follows({ expiresAt: NOW + 60 }, () => reason() === "expired");
  const history = await changesOf(await openFile(path));
  expect(history.map(({ op }) => op)).toEqual(["generate", ...Array.from({ length: 5 }, () => "update")]);
});
