import { chmod, copyFile, mkdtemp, readFile, rename, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createKeys } from "../../../src/keys/keys.ts";
import { createVerifier } from "../../../src/server/verifier/verifier.ts";
import { openArchiveStore } from "../../../src/stores/archive.ts";
import { openFileStore } from "../../../src/stores/file.ts";
import { createFixture, until } from "../fixture.ts";

async function createPlace(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "mcp-keys-server-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return join(folder, "keys.jsonl");
}

const WORLD = { env: {}, uid: process.getuid?.() ?? null, dataDir: null };

/** A store of its own for each caller, as two processes have. */
async function open(path: string) {
  const store = await openFileStore(path, WORLD);
  onTestFinished(() => store.close());
  return store;
}

async function createServed(pollEvery = 0.1) {
  const path = await createPlace();
  const now = () => 1_800_000_000;
  const keys = createKeys({ store: await open(path), by: "test", now });
  const { token } = await keys.generate({ name: "ci", expiresAt: null });
  const server = await createFixture({ store: await open(path), pollEvery });
  return { ...server, path, token: token.reveal(), admin: keys };
}

test("what another process does to the file takes effect within a second", async () => {
  // At the pace of a server in use, so that it is the wake-up that brings the news.
  const { admin, token, verifier } = await createServed(1);
  expect(verifier.verify(token)).toMatchObject({ ok: true });
  const tokens = [token];
  const times: number[] = [];
  const timed = async (act: () => Promise<unknown>, effect: () => boolean) => {
    await act();
    const start = performance.now();
    await until(effect);
    times.push(performance.now() - start);
  };
  const issue = async () => void tokens.push((await admin.generate({ name: "b", expiresAt: null })).token.reveal());
  const rotate = () =>
    admin.rotate("ci", { overlap: 3600, deliver: async (issued) => void tokens.push(issued.token.reveal()) });
  const opens = (i: number) => verifier.verify(tokens[i]!).ok;
  await timed(issue, () => opens(1));
  await timed(rotate, () => opens(2) && opens(0));
  await timed(
    () => admin.finish("ci", { force: true }),
    () => !opens(0) && opens(2),
  );
  await timed(
    () => admin.disable("b"),
    () => !opens(1),
  );
  await timed(
    () => admin.enable("b"),
    () => opens(1),
  );
  await timed(
    () => admin.revoke("ci"),
    () => !opens(2),
  );
  expect(Math.max(...times)).toBeLessThan(1_000);
});

test("the key that was used shows it to others", async () => {
  const { admin, token, verifier } = await createServed();
  verifier.verify(token);
  await until(async () => (await admin.get("ci")).versions[0]!.lastUsedAt === 1_800_000_000);
});

test("a store whose file is not there yet refuses everybody until it is", async () => {
  const path = await createPlace();
  const { verifier, lines } = await createFixture({ store: await open(path), pollEvery: 0.05 });
  expect(lines.join()).toContain("no key in file:");
  const { token } = await createKeys({ store: await open(path), by: "test" }).generate({ name: "a", expiresAt: null });
  await until(() => verifier.verify(token.reveal()).ok);
});

test("a compaction goes unnoticed", async () => {
  const { path, admin, token, verifier } = await createServed();
  for (let i = 0; i < 5; i++) {
    await admin.disable("ci");
    await admin.enable("ci");
  }
  await (await open(path)).compact({ at: 1_800_000_000, by: "test" });
  const { token: later } = await admin.generate({ name: "later", expiresAt: null });
  await until(() => verifier.verify(later.reveal()).ok);
  expect(verifier.verify(token)).toMatchObject({ ok: true });
  expect(verifier.counters.faults).toBe(0);
});

test.each<[string, (path: string, other: string) => Promise<void>]>([
  ["removed", (path) => rm(path)],
  ["replaced by another store", (path, other) => copyFile(other, path)],
  ["replaced by another store under its name", (path, other) => rename(other, path)],
  ["cut to half its length", async (path) => truncate(path, (await readFile(path)).length >> 1)],
  ["emptied", (path) => truncate(path, 0)],
  ["readable to everybody", (path) => chmod(path, 0o644)],
  [
    "damaged in the middle",
    async (path) => {
      const bytes = await readFile(path);
      bytes[bytes.length >> 1]! ^= 1;
      await rename(path, `${path}.gone`);
      await writeFile(path, bytes, { mode: 0o600 });
    },
  ],
])("a file that is %s while serving: memory answers, then 503, and back again when it is restored", async (_, harm) => {
  const { path, admin, token, verifier, clock } = await createServed();
  await admin.generate({ name: "b", expiresAt: null });
  await until(() => verifier.counters.faults === 0 && verifier.ready);
  const other = await createPlace();
  await createKeys({ store: await open(other), by: "test" }).generate({ name: "stranger", expiresAt: null });
  await copyFile(path, `${path}.backup`);

  await harm(path, other);
  await until(() => verifier.counters.faults > 0);
  expect(verifier.verify(token)).toMatchObject({ ok: true });
  clock.now += 61;
  expect(() => verifier.verify(token)).toThrow(expect.objectContaining({ code: "STORE_UNAVAILABLE" }));

  await rm(path, { force: true });
  await copyFile(`${path}.backup`, path);
  await chmod(path, 0o600);
  await until(() => verifier.ready);
  expect(verifier.verify(token)).toMatchObject({ ok: true });
});

test("an archive is not served from: it would let in a key that was revoked since", async () => {
  const path = await createPlace();
  const store = await open(path);
  const keys = createKeys({ store, by: "test" });
  await keys.generate({ name: "ci", expiresAt: null });
  await store.compact({ at: 1_800_000_000, by: "test", archive: `${path}.old` });
  await keys.revoke("ci");
  const archive = await openArchiveStore(`${path}.old`, WORLD);
  onTestFinished(() => archive.close());
  expect(await archive.list()).toMatchObject([{ name: "ci", versions: [{ state: "current" }] }]);
  await expect(createVerifier({ store: archive })).rejects.toMatchObject({
    code: "USAGE",
    message: expect.stringContaining("is an archive"),
  });
});
