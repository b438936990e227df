import { chmod, copyFile, mkdtemp, readFile, rename, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createKeys } from "../../../src/keys/keys.ts";
import { createVerifier } from "../../../src/server/verifier/verifier.ts";
import { openArchiveStore } from "../../../src/stores/archive.ts";
import { openFileStore } from "../../../src/stores/file.ts";
import { createFixture, until } from "../fixture.ts";

async function createPath(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "mcp-keys-server-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return join(folder, "keys.jsonl");
}

const WORLD = { env: {}, uid: process.getuid?.() ?? null, dataDir: null };

/** Opens another store on the same file, as another process does. */
async function open(path: string) {
  const store = await openFileStore(path, WORLD);
  onTestFinished(() => store.close());
  return store;
}

async function createServed(pollEvery = 0.1) {
  const path = await createPath();
  const now = () => 1_800_000_000;
  const keys = createKeys({ store: await open(path), by: "test", now });
  const { token } = await keys.generate({ name: "ci", expiresAt: null });
  const server = await createFixture({ store: await open(path), pollEvery });
  return { ...server, path, token: token.reveal(), admin: keys };
}

test("changes by another process take effect within a second", async () => {
  // Polls as rarely as a real server, so only the wake-up can be this fast.
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
  const accepts = (i: number) => verifier.verify(tokens[i]!).ok;
  await timed(issue, () => accepts(1));
  await timed(rotate, () => accepts(2) && accepts(0));
  await timed(
    () => admin.finish("ci", { force: true }),
    () => !accepts(0) && accepts(2),
  );
  await timed(
    () => admin.disable("b"),
    () => !accepts(1),
  );
  await timed(
    () => admin.enable("b"),
    () => accepts(1),
  );
  await timed(
    () => admin.revoke("ci"),
    () => !accepts(2),
  );
  expect(Math.max(...times)).toBeLessThan(1_000);
});

test("a use is visible to other processes", async () => {
  const { admin, token, verifier } = await createServed();
  verifier.verify(token);
  await until(async () => (await admin.get("ci")).versions[0]!.lastUsedAt === 1_800_000_000);
});

test("rejects every token until the file of the store exists", async () => {
  const path = await createPath();
  const { verifier, lines } = await createFixture({ store: await open(path), pollEvery: 0.05 });
  expect(lines.join()).toContain("no keys in file:");
  const { token } = await createKeys({ store: await open(path), by: "test" }).generate({ name: "a", expiresAt: null });
  await until(() => verifier.verify(token.reveal()).ok);
});

test("keeps accepting tokens through a compaction", async () => {
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

type Harm = (path: string, other: string) => Promise<void>;

async function createHarmed(harm: Harm) {
  const served = await createServed();
  const { path, admin, verifier } = served;
  await admin.generate({ name: "b", expiresAt: null });
  await until(() => verifier.counters.faults === 0 && verifier.ready);
  const other = await createPath();
  await createKeys({ store: await open(other), by: "test" }).generate({ name: "other", expiresAt: null });
  await copyFile(path, `${path}.backup`);
  await harm(path, other);
  await until(() => verifier.counters.faults > 0);
  const restore = async () => {
    await rm(path, { force: true });
    await copyFile(`${path}.backup`, path);
    await chmod(path, 0o600);
    await until(() => verifier.ready);
  };
  return { ...served, restore };
}

test.each<[string, Harm]>([
  ["removed", (path) => rm(path)],
  ["replaced by another store", (path, other) => copyFile(other, path)],
  ["replaced by another store under its name", (path, other) => rename(other, path)],
  ["emptied", (path) => truncate(path, 0)],
  ["readable by everyone", (path) => chmod(path, 0o644)],
  [
    "damaged in the middle",
    async (path) => {
      const bytes = await readFile(path);
      bytes[bytes.length >> 1]! ^= 1;
      await rename(path, `${path}.gone`);
      await writeFile(path, bytes, { mode: 0o600 });
    },
  ],
])(
  "a file that is %s while serving: answers from memory, then 503, and recovers once it is restored",
  async (_, harm) => {
    const { token, verifier, clock, restore } = await createHarmed(harm);
    expect(verifier.verify(token)).toMatchObject({ ok: true });
    clock.now += 61;
    expect(() => verifier.verify(token)).toThrow(expect.objectContaining({ code: "STORE_UNAVAILABLE" }));
    await restore();
    expect(verifier.verify(token)).toMatchObject({ ok: true });
  },
);

test.each<[string, Harm]>([
  ["cut to half its length", async (path) => truncate(path, (await readFile(path)).length >> 1)],
])(
  "a file that is %s while serving has lost its history: 503 at once, and recovers once it is restored",
  async (_, harm) => {
    const { token, verifier, lines, restore } = await createHarmed(harm);
    expect(() => verifier.verify(token)).toThrow(expect.objectContaining({ code: "STORE_REWOUND" }));
    const logged = lines.filter((line) => line.includes("503"));
    expect(logged).toEqual([expect.stringMatching(/\(STORE_REWOUND\); requests now get 503: .*mcp-keys store adopt/)]);
    await restore();
    expect(verifier.verify(token)).toMatchObject({ ok: true });
  },
);

test("rejects an archive, which still has keys that were revoked later", async () => {
  const path = await createPath();
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
