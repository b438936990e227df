import { chmod, mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { toKeyset } from "../../../src/core/keyset/keyset.ts";
import { createKeys } from "../../../src/keys/keys.ts";
import { openMemoryStore } from "../../../src/stores/memory.ts";
import { openStore } from "../../../src/stores/index.ts";
import { createFixture, until } from "../../server/fixture.ts";
import { aFolder, aWorld, changesOf } from "../place.ts";

const now = 1_800_000_000;

/** A store, and a way to write its keyset to a file as a pipeline does. */
async function aSource(spec = "file:/ci/keys.jsonl") {
  const store = await openMemoryStore();
  const keys = createKeys({ store, now: () => now, by: "ci", peppers: [] });
  const text = async (change = {}) => {
    const { keys: all, epoch, seq } = await store.snapshot();
    return JSON.stringify({ ...toKeyset(all, { store: spec, seq, epoch, now, names: true }), ...change });
  };
  const publish = async (path: string, change = {}) => {
    await writeFile(`${path}.new`, await text(change), { mode: 0o600 });
    await rename(`${path}.new`, path);
  };
  return { keys, text, publish };
}

async function aServer(path: string) {
  const store = await openStore(`keyset:${path}`, aWorld());
  onTestFinished(() => store.close());
  return createFixture({ store });
}

test("a running server follows the keyset: new keys, scopes, the end of an overlap, a disabled and a revoked key", async () => {
  const path = join(await aFolder(), "keyset.json");
  const { keys, publish } = await aSource();
  const first = await keys.generate({ name: "ci", scopes: ["deploy"], expiresAt: null });
  await publish(path);
  const { verifier, clock } = await aServer(path);
  expect(verifier.verify(first.token.reveal(), { scopes: ["deploy"] })).toMatchObject({
    ok: true,
    key: { name: "ci" },
  });
  expect(verifier.verify(first.token.reveal(), { scopes: ["admin"] })).toMatchObject({ reason: "insufficient-scope" });

  let second = "";
  await keys.rotate("ci", { overlap: 60, deliver: async ({ token }) => void (second = token.reveal()) });
  await publish(path);
  await until(() => verifier.verify(second).ok);
  expect(verifier.verify(first.token.reveal())).toMatchObject({ ok: true });
  clock.now += 60;
  expect(verifier.verify(first.token.reveal())).toMatchObject({ reason: "expired" });

  await keys.disable("ci");
  await publish(path);
  await until(() => !verifier.verify(second).ok);
  expect(verifier.verify(second)).toMatchObject({ reason: "disabled" });
  await keys.enable("ci");
  await publish(path);
  await until(() => verifier.verify(second).ok);
  await keys.revoke("ci");
  await publish(path);
  await until(() => !verifier.verify(second).ok);
  expect(verifier.verify(second)).toMatchObject({ reason: "unknown" });
});

test("ignores an older keyset of the same store and says so once, but takes one of another store", async () => {
  const path = join(await aFolder(), "keyset.json");
  const { keys, publish, text } = await aSource();
  const { token } = await keys.generate({ name: "ci", expiresAt: null });
  const old = await text();
  await keys.revoke("ci");
  await publish(path);
  const { verifier, lines } = await aServer(path);
  await writeFile(`${path}.new`, old, { mode: 0o600 });
  await rename(`${path}.new`, path);
  await until(() => lines.some((line) => line.includes("ignored")));
  expect(verifier.verify(token.reveal())).toMatchObject({ reason: "unknown" });
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(lines.filter((line) => line.includes("ignored"))).toHaveLength(1);
  expect(verifier.ready).toBe(true);

  await writeFile(`${path}.new`, old.replace("file:/ci/keys.jsonl", "file:/new/keys.jsonl"), { mode: 0o600 });
  await rename(`${path}.new`, path);
  await until(() => verifier.verify(token.reveal()).ok);
});

test("says at which position of the original store the keys are", async () => {
  const path = join(await aFolder(), "keyset.json");
  const { keys, publish } = await aSource();
  await keys.generate({ name: "ci", expiresAt: null });
  await publish(path, { epoch: "first" });
  const store = await openStore(`keyset:${path}`, aWorld());
  expect(await store.snapshot()).toMatchObject({ seq: 0, origin: { epoch: "first", seq: 1 } });
  await keys.disable("ci");
  await publish(path, { epoch: "first" });
  expect(await store.snapshot()).toMatchObject({ seq: 1, origin: { epoch: "first", seq: 2 } });
  // As an earlier version of mcp-keys wrote it.
  await publish(path, { epoch: undefined });
  expect(await store.snapshot()).not.toHaveProperty("origin");
  const env = await openStore("env:", aWorld(null, { MCP_API_KEYSET: await readFile(path, "utf8") }));
  expect(await env.snapshot()).not.toHaveProperty("origin");
  await publish(path);
  const current = await openStore("env:", aWorld(null, { MCP_API_KEYSET: await readFile(path, "utf8") }));
  expect(await current.snapshot()).toMatchObject({ seq: 0, origin: { seq: 2 } });
});

test("a server with a keyset says which change of the original store it has applied", async () => {
  const path = join(await aFolder(), "keyset.json");
  const { keys, publish } = await aSource();
  await keys.generate({ name: "ci", expiresAt: null });
  await publish(path, { epoch: "first" });
  const { verifier } = await aServer(path);
  expect(verifier.position()).toEqual({ epoch: "first", seq: 1 });
  await verifier.atLeast("first.1");
  const next = verifier.atLeast("first.2");
  await keys.disable("ci");
  await publish(path, { epoch: "first" });
  await next;
  await expect(verifier.atLeast("other.1")).rejects.toMatchObject({ code: "POSITION_UNKNOWN" });
});

test.each([
  ["a lower seq of the same epoch", { seq: 4 }, true],
  ["a lower seq without an epoch, as an earlier version writes it", { seq: 4, epoch: undefined }, true],
  ["a lower seq of a newer epoch", { seq: 4, epoch: "second", at: "2027-01-15T08:00:01Z" }, false],
  ["a higher seq of an older epoch", { seq: 9, epoch: "second", at: "2027-01-15T07:59:59Z" }, true],
])("takes the older keyset from the newer one: %s", async (_, change, isOlder) => {
  const path = join(await aFolder(), "keyset.json");
  const { keys, publish } = await aSource();
  await publish(path, { epoch: "first", seq: 5 });
  const store = await openStore(`keyset:${path}`, aWorld());
  expect(await store.list()).toEqual([]);
  await keys.generate({ name: "ci", expiresAt: null });
  await publish(path, { epoch: "first", ...change });
  expect(await store.list()).toHaveLength(isOlder ? 0 : 1);
});

test("keeps the keys in memory while the file is torn, missing or invalid, then answers 503", async () => {
  const path = join(await aFolder(), "keyset.json");
  const { keys, publish, text } = await aSource();
  const { token } = await keys.generate({ name: "ci", expiresAt: null });
  await publish(path);
  const { verifier, lines, clock } = await aServer(path);
  for (const damage of [
    async () => writeFile(path, (await text()).slice(0, -10)),
    () => rm(path),
    () => writeFile(path, "{}", { mode: 0o600 }),
  ]) {
    const before = lines.length;
    await damage();
    await until(() => lines.length > before);
    expect(verifier.verify(token.reveal()).ok).toBe(true);
  }
  clock.now += 61;
  expect(() => verifier.verify(token.reveal())).toThrow(expect.objectContaining({ code: "STORE_UNAVAILABLE" }));
  await publish(path);
  await until(() => verifier.ready);
  expect(verifier.verify(token.reveal()).ok).toBe(true);
});

test("follows the links that Kubernetes switches", async () => {
  const folder = await aFolder();
  const { keys, text } = await aSource();
  const mount = async (name: string) => {
    await mkdir(join(folder, name));
    await writeFile(join(folder, name, "keyset.json"), await text(), { mode: 0o644 });
    await symlink(name, join(folder, "..new"));
    await rename(join(folder, "..new"), join(folder, "..data"));
  };
  const first = await keys.generate({ name: "one", expiresAt: null });
  await mount("..1");
  await symlink("..data/keyset.json", join(folder, "keyset.json"));
  const { verifier } = await aServer(join(folder, "keyset.json"));
  expect(verifier.verify(first.token.reveal()).ok).toBe(true);
  const second = await keys.generate({ name: "two", expiresAt: null });
  await mount("..2");
  await until(() => verifier.verify(second.token.reveal()).ok);
});

test("rejects a file or folder that other users can change, unless it is signed or the folder is sticky", async () => {
  const folder = await mkdtemp(join(tmpdir(), "mcp-keys-keyset-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, "keyset.json");
  const { publish } = await aSource();
  await publish(path);
  const open = async () => (await openStore(`keyset:${path}`, aWorld())).list();
  const insecure = { code: "STORE_INSECURE" };
  await chmod(path, 0o644);
  expect(await open()).toEqual([]);
  await chmod(path, 0o664);
  await expect(open()).rejects.toMatchObject(insecure);
  await chmod(path, 0o644);
  await chmod(folder, 0o777);
  await expect(open()).rejects.toMatchObject(insecure);
  await chmod(folder, 0o1777);
  expect(await open()).toEqual([]);
});

test("rejects a missing file, a folder and a pipe with a fitting hint", async () => {
  const folder = await aFolder();
  const open = async (path: string) => (await openStore(`keyset:${path}`, aWorld())).list();
  await expect(open(join(folder, "none.json"))).rejects.toMatchObject({
    code: "STORE_UNAVAILABLE",
    hint: expect.stringContaining("export --keyset") as unknown,
  });
  await expect(open(folder)).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
  await expect(openStore("keyset:", aWorld())).rejects.toMatchObject({ code: "USAGE" });
  await expect(
    openStore(`keyset:${folder}/x`, aWorld(null, { MCP_KEYS_KEYSET_PUBLIC_KEY: "nonsense" })),
  ).rejects.toMatchObject({ code: "USAGE" });
});

test("a replacement is one change, after which a reader takes the snapshot", async () => {
  const path = join(await aFolder(), "keyset.json");
  const { keys, publish } = await aSource();
  await publish(path);
  const store = await openStore(`keyset:${path}`, aWorld());
  expect(await changesOf(store)).toEqual([]);
  await keys.generate({ name: "ci", expiresAt: null });
  await publish(path);
  expect(await changesOf(store)).toMatchObject([{ seq: 1, op: "compact", at: now, keys: [{ name: "ci" }] }]);
  expect(await changesOf(store, 1)).toEqual([]);
  expect(await store.snapshot()).toMatchObject({ seq: 1, keys: [{ name: "ci" }] });
  expect(await store.get("ci")).toMatchObject({ name: "ci" });
});
