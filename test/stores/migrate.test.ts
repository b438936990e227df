import { link, mkdir, readdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import fc from "fast-check";
import { openStore } from "../../src/stores/index.ts";
import { migrate, planMigration } from "../../src/stores/migrate.ts";
import type { KeyStore } from "../../src/stores/store.ts";
import { RUNS } from "../arbitraries.ts";
import { aVersion } from "../fakes.ts";
import { crashingDisk } from "./crashing.ts";
import { aDraft, aFolder, aWorld, changesOf, keyNo, openIn } from "./place.ts";

const KEEP = { now: () => 9_000, by: "bob@host", remove: false };
const REMOVE = { ...KEEP, remove: true };

/** Writes two keys: one disabled and revoked, the other used. */
async function fill(store: KeyStore): Promise<void> {
  await store.write(aDraft([keyNo(1), keyNo(2, { owner: "Ada", tags: { team: "a" } })]));
  await store.write(aDraft([keyNo(1, { revision: 1, enabled: false })], { op: "disable", at: 1_001, detail: "lost" }));
  const versions = [{ ...keyNo(1).versions[0]!, state: "revoked" as const, reason: "compromised" as const }];
  await store.write(
    aDraft([keyNo(1, { revision: 2, enabled: false, versions })], {
      op: "revoke",
      at: 1_002,
      by: "bob@host",
      version: 1,
    }),
  );
  await store.touch([{ id: keyNo(2).id, n: 1, at: 1_500 }]);
}

async function aSource() {
  const folder = await aFolder();
  const source = await openIn(folder);
  await fill(source);
  return { folder, source };
}

test("copies keys, history and last-used times, and keeps the source", async () => {
  const { source } = await aSource();
  const folder = await aFolder();
  const target = await openIn(folder);
  const [keys, changes] = [await source.list(), await changesOf(source)];
  expect(await planMigration(source, target)).toEqual({ keys: 2, changes: 3, copied: 3, removed: false });
  expect(await readdir(folder)).toEqual([]);
  expect(await migrate(source, target, KEEP)).toEqual({ keys: 2, changes: 3, copied: 3, removed: false });
  for (const store of [source, await openIn(folder)]) {
    expect(await store.list()).toEqual(keys);
    expect(await changesOf(store)).toEqual(changes);
  }
  expect((await target.get("key-2"))?.versions[0]?.lastUsedAt).toBe(1_500);
});

test("copies which server saw what, until when servers have reported, and when a keyset was published", async () => {
  const { source } = await aSource();
  const target = await openIn(await aFolder());
  const { id } = keyNo(2);
  const news = { reports: [{ server: "edge-1", at: 1_700 }], publishedAt: 1_400 };
  const named = { id, n: 1, at: 1_400, server: "web-1" };
  await source.touch([named], news);
  await migrate(source, target, KEEP);
  const unnamed = { id, n: 1, at: 1_500, server: "unnamed" };
  expect(await target.usage()).toEqual({ uses: expect.arrayContaining([named, unnamed]), ...news });
  // News alone is copied too.
  await source.touch([], { reports: [{ server: "edge-1", at: 1_800 }] });
  await migrate(source, target, KEEP);
  expect((await target.usage()).reports).toEqual([{ server: "edge-1", at: 1_800 }]);
});

test("copies nothing twice, and adds later changes", async () => {
  const { source } = await aSource();
  const target = await openIn(await aFolder());
  await migrate(source, target, KEEP);
  expect(await migrate(source, target, KEEP)).toMatchObject({ changes: 3, copied: 0 });
  await source.write(aDraft([keyNo(3)]));
  await source.write(aDraft([keyNo(2, { revision: 1, note: "later" })], { op: "disable", version: 1, detail: "why" }));
  await source.touch([{ id: keyNo(2).id, n: 1, at: 1_600 }]);
  expect(await planMigration(source, target)).toMatchObject({ changes: 5, copied: 2 });
  expect(await migrate(source, target, KEEP)).toMatchObject({ changes: 5, copied: 2 });
  expect(await changesOf(target)).toEqual(await changesOf(source));
  expect(await target.list()).toEqual(await source.list());
});

test("removes a source whose changes are all in a target that has more", async () => {
  const { source, folder } = await aSource();
  const target = await openIn(await aFolder());
  await migrate(source, target, KEEP);
  await target.write(aDraft([keyNo(3)]));
  expect(await migrate(source, target, REMOVE)).toMatchObject({ copied: 0, removed: true });
  expect(await readdir(folder)).toEqual([]);
  expect(await target.list()).toHaveLength(3);
});

test("copies a compacted source with seq from 1", async () => {
  const { source } = await aSource();
  await source.compact({ at: 1_060, by: "ada@laptop" });
  await source.write(aDraft([keyNo(3)]));
  const target = await openIn(await aFolder());
  await migrate(source, target, KEEP);
  expect((await changesOf(target)).map(({ seq, op }) => `${String(seq)} ${op}`)).toEqual(["1 compact", "2 generate"]);
  expect(await target.list()).toEqual(await source.list());
  await source.write(aDraft([keyNo(1, { revision: 3, note: "more" })]));
  expect(await migrate(source, target, REMOVE)).toMatchObject({ copied: 1, removed: true });
  expect(await target.get("key-1")).toMatchObject({ note: "more" });
});

test("rejects a target with other keys, even if only one word of one change differs", async () => {
  const { source } = await aSource();
  const other = await openIn(await aFolder());
  await other.write(aDraft([keyNo(7)]));
  const similar = await openIn(await aFolder());
  await migrate(source, similar, KEEP);
  const changed = await openIn(await aFolder());
  await changed.adopt(
    (await changesOf(source)).map((change) => (change.seq === 2 ? { ...change, by: "eve" } : change)),
  );
  const forged = await openIn(await aFolder());
  const digest = `sha256:${"0".repeat(64)}` as const;
  const forge = keyNo(2, { revision: 1, versions: [aVersion({ digest })] });
  await forged.adopt(
    (await changesOf(source)).map((change) => (change.seq === 1 ? { ...change, keys: [forge] } : change)),
  );
  for (const target of [other, changed, forged]) {
    const before = await target.snapshot();
    for (const options of [KEEP, REMOVE]) {
      await expect(migrate(source, target, options)).rejects.toMatchObject({ code: "STORE_CONFLICT" });
      await expect(planMigration(source, target)).rejects.toMatchObject({ code: "STORE_CONFLICT" });
    }
    expect(await target.snapshot()).toEqual(before);
  }
  await expect(migrate(similar, changed, KEEP)).rejects.toMatchObject({ code: "STORE_CONFLICT" });
  expect(await source.list()).toHaveLength(2);
});

test("copies and removes nothing for a source without keys", async () => {
  const { source: target } = await aSource();
  for (const to of [target, await openIn(await aFolder())]) {
    const source = await openIn(await aFolder());
    expect(await migrate(source, to, REMOVE)).toEqual({ keys: 0, changes: 0, copied: 0, removed: true });
  }
  expect(await target.list()).toHaveLength(2);
});

describe("rejects one store with two names, and keeps it", () => {
  test.each(["the same path", "a link to its folder", "a second name of the file"])("%s", async (how) => {
    const { source, folder } = await aSource();
    const alias = join(await aFolder(), "alias");
    if (how === "a link to its folder") await symlink(folder, alias);
    if (how === "a second name of the file") {
      await mkdir(alias, { mode: 0o700 });
      await link(join(folder, "keys.jsonl"), join(alias, "keys.jsonl"));
    }
    const target = await openIn(how === "the same path" ? folder : alias);
    for (const ends of [[source, target] as const, [target, source] as const]) {
      await expect(migrate(...ends, REMOVE)).rejects.toMatchObject({ code: "USAGE" });
      await expect(planMigration(...ends)).rejects.toMatchObject({ code: "USAGE" });
    }
    expect(await source.list()).toHaveLength(2);
  });
});

test.each([".checkpoint", ".used.x", ".0123456789ab.next", ".checkpoint.tmp"])(
  "rejects a target whose name is a sidecar of the source (%s), and vice versa",
  async (ending) => {
    const { source, folder } = await aSource();
    const target = await openStore(`file:${join(folder, `keys.jsonl${ending}`)}`, aWorld());
    await expect(migrate(source, target, REMOVE)).rejects.toMatchObject({ code: "USAGE" });
    await expect(migrate(target, source, REMOVE)).rejects.toMatchObject({ code: "USAGE" });
    await target.close();
    const elsewhere = await openStore(`file:${join(await aFolder(), `keys.jsonl${ending}`)}`, aWorld());
    expect(await migrate(source, elsewhere, REMOVE)).toMatchObject({ copied: 3, removed: true });
    expect(await elsewhere.list()).toHaveLength(2);
    await elsewhere.close();
  },
);

test("rejects read-only stores, and memory as a target", async () => {
  const { source, folder } = await aSource();
  await source.compact({ at: 1_060, by: "ada@laptop", archive: join(folder, "old.jsonl") });
  for (const spec of ["env:", `archive:${join(folder, "old.jsonl")}`]) {
    const readOnly = await openStore(spec, aWorld());
    await expect(migrate(source, readOnly, KEEP)).rejects.toMatchObject({ code: "STORE_READ_ONLY" });
    await expect(migrate(readOnly, source, KEEP)).rejects.toMatchObject({ code: "STORE_READ_ONLY" });
    await readOnly.close();
  }
  const memory = await openStore("memory:", aWorld());
  await expect(migrate(source, memory, REMOVE)).rejects.toMatchObject({ code: "USAGE" });
  await fill(memory);
  const target = await openIn(await aFolder());
  await expect(migrate(memory, target, REMOVE)).rejects.toMatchObject({ code: "USAGE" });
  expect(await target.list()).toEqual([]);
  await migrate(memory, target, KEEP);
  expect(await changesOf(target)).toEqual(await changesOf(memory));
  expect(await source.list()).toHaveLength(2);
});

describe("with concurrent writes to the source", () => {
  /** Wraps the source: another writer writes before each of the first `n` calls of a method. */
  function disturbed(source: KeyStore, method: "changes" | "remove", calls: number, write: () => Promise<unknown>) {
    let left = calls;
    return new Proxy(source, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name);
        if (name !== method || typeof value !== "function") return value;
        const call = value.bind(target) as (...args: unknown[]) => unknown;
        if (method === "remove") return async (options: unknown) => (left-- > 0 && (await write()), call(options));
        return async function* (since: number) {
          if (left-- > 0) await write();
          yield* call(since) as AsyncIterable<unknown>;
        };
      },
    });
  }

  test.each(["changes", "remove"] as const)("copies changes that come before %s", async (method) => {
    const { source, folder } = await aSource();
    const other = await openIn(folder);
    let n = 10;
    const busy = disturbed(source, method, 3, () => other.write(aDraft([keyNo(n++)])));
    const target = await openIn(await aFolder());
    expect(await migrate(busy, target, REMOVE)).toMatchObject({ removed: true, copied: 6, changes: 6 });
    expect((await target.list()).map(({ name }) => name)).toEqual(["key-1", "key-2", "key-10", "key-11", "key-12"]);
    expect(await readdir(folder)).toEqual([]);
  });

  test("gives up if they never end, and loses nothing", async () => {
    const { source, folder } = await aSource();
    const other = await openIn(folder);
    let n = 10;
    const busy = disturbed(source, "remove", Infinity, () => other.write(aDraft([keyNo(n++)])));
    await expect(migrate(busy, await openIn(await aFolder()), REMOVE)).rejects.toMatchObject({
      code: "STORE_CONFLICT",
    });
    expect((await other.list()).length).toBe(n - 8);
  });
});

test("notices a target that returns other keys, and keeps the source", async () => {
  const { source } = await aSource();
  const target = await openIn(await aFolder());
  const lying: KeyStore = {
    ...target,
    snapshot: async () => {
      const { keys, ...position } = await target.snapshot();
      return { ...position, keys: keys.map((key) => ({ ...key, enabled: true })) };
    },
  };
  await expect(migrate(source, lying, REMOVE)).rejects.toMatchObject({ code: "STORE_DAMAGED" });
  expect(await source.list()).toHaveLength(2);
});

test.each(["before", "after"] as const)(
  "after a crash %s any step of either store, the same call finishes",
  async (when) => {
    for (const end of ["source", "target"] as const) {
      let crashed = 0;
      for (let n = 1; n < 60; n++) {
        const { folder: from, source } = await aSource();
        const [keys, changes] = [await source.list(), await changesOf(source)];
        const to = await aFolder();
        const { disk, state } = crashingDisk(n, when);
        const first = await openIn(from, end === "source" ? disk : {});
        const second = await openIn(to, end === "target" ? disk : {});
        await migrate(first, second, REMOVE).catch(() => crashed++);
        if (!state.dead) break;
        const target = await openIn(to);
        const seen = await changesOf(target);
        expect(seen.length === 0 || seen.length === changes.length, `step ${String(n)}`).toBe(true);
        await migrate(await openIn(from), target, REMOVE);
        expect(await target.list(), `step ${String(n)}`).toEqual(keys);
        expect(await changesOf(target)).toEqual(changes);
        expect(await readdir(from)).toEqual([]);
      }
      expect(crashed, end).toBeGreaterThan(4);
    }
  },
);

test("copies any history, and any later changes", async () => {
  const step = fc.record({
    n: fc.integer({ min: 1, max: 3 }),
    note: fc.string({ maxLength: 5 }),
    at: fc.nat({ max: 10_000 }),
    by: fc.string({ minLength: 1, maxLength: 5 }),
    detail: fc.option(fc.string({ maxLength: 5 }), { nil: undefined }),
  });
  const write = async (store: KeyStore, steps: readonly (typeof step extends fc.Arbitrary<infer T> ? T : never)[]) => {
    for (const { n, note, ...rest } of steps) {
      const revision = (await store.get(`key-${String(n)}`))?.revision ?? 0;
      // As if the clock had jumped.
      await store.write(aDraft([keyNo(n, { revision, note })], { ...rest, isCopy: true }));
    }
  };
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 5 }), fc.array(step, { maxLength: 5 }), async (before, after) => {
      const source = await openStore("memory:", aWorld());
      const target = await openIn(join(await aFolder(), "to"));
      await write(source, before);
      await migrate(source, target, KEEP);
      await write(source, after);
      await migrate(source, target, KEEP);
      expect(await changesOf(target)).toEqual(await changesOf(source));
      expect(await target.list()).toEqual(await source.list());
    }),
    { numRuns: RUNS.some / 10 },
  );
});
