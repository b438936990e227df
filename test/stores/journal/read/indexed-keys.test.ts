import { hash } from "node:crypto";
import { readFile, stat, writeFile } from "node:fs/promises";
import fc from "fast-check";
import { expect, test } from "vitest";
import { digestToken } from "../../../../src/core/digest.ts";
import type { Key } from "../../../../src/core/key.ts";
import { KeyMap } from "../../../../src/stores/key-map.ts";
import { realDisk } from "../../../../src/stores/journal/disk/disk.ts";
import { formatRecord, GENESIS } from "../../../../src/stores/journal/format/record.ts";
import { JournalReader } from "../../../../src/stores/journal/read/journal-reader.ts";
import { RUNS } from "../../../arbitraries.ts";
import { aVersion } from "../../../fakes.ts";
import { aDraft, aWorld, keyNo, openIn } from "../../place.ts";
import { journalOf, recordOf } from "../bytes.ts";
import { aCheckpointed, aJournal } from "./checkpointed.ts";

const N = 6;

/** A change of some keys: new names, which may be those of others, and sometimes one more version. */
const aChange = fc.array(fc.record({ key: fc.nat(N - 1), name: fc.nat(N - 1), token: fc.option(fc.nat(30)) }), {
  maxLength: 3,
});

test("a reader with an index finds the same keys as one that has parsed all", async () => {
  const property = fc.asyncProperty(
    fc.array(aChange, { minLength: 2, maxLength: 12 }),
    fc.nat(11),
    async (changes, cut) => {
      const parsed = new KeyMap();
      let prev = GENESIS;
      const records = changes.map((change, i) => {
        const keys = new Map<string, Key>();
        for (const { key: n, name, token } of change) {
          const before = parsed.byId(keyNo(n).id) ?? keyNo(n, { versions: [] });
          const digest = digestToken(`token ${n} ${token ?? 0}`);
          const versions = [...before.versions.filter((each) => each.digest !== digest), aVersion({ digest })];
          const taken = [...parsed.list(), ...keys.values()].find((each) => each.name === `key-${name}`);
          if (taken !== undefined && taken.id !== before.id) continue;
          keys.set(before.id, { ...before, name: `key-${name}`, versions, revision: before.revision + 1 });
        }
        parsed.apply([...keys.values()]);
        const { bytes, sum } = formatRecord(
          { change: { seq: i + 1, at: 1_000, by: "x", op: "update", keys: [...keys.values()] } },
          prev,
        );
        prev = sum;
        return bytes;
      });
      const covered = records.slice(0, 1 + (cut % records.length));
      const journal = await aCheckpointed(Buffer.concat(covered), Buffer.concat(records.slice(covered.length)));
      const location = { path: journal.path, uid: aWorld().uid, ownsFolder: false };
      const checkpointEvery = (await stat(journal.path)).size;
      const reader = (await JournalReader.open(realDisk, location, { need: "some", checkpointEvery }))!;
      expect(reader.keys.isPartial).toBe(true);
      for (let n = 0; n < N; n++) {
        expect(reader.keys.byId(keyNo(n).id)).toEqual(parsed.byId(keyNo(n).id));
        expect(reader.keys.byName(`key-${n}`)).toEqual(parsed.byName(`key-${n}`));
        for (let token = 0; token <= 30; token++) {
          const digest = digestToken(`token ${n} ${token}`);
          expect(reader.keys.byDigest(digest)).toEqual(parsed.byDigest(digest));
        }
      }
      await reader.close();
    },
  );
  await fc.assert(property, { numRuns: RUNS.some / 4 });
});

test("a store with an index answers, writes and lists like one without, and the next checkpoint keeps the index", async () => {
  const { folder, list, readCheckpoint } = await aJournal(journalOf(40).bytes);
  await list();
  const every = (await readCheckpoint())!.size;
  const store = await openIn(folder, {}, every);
  expect(await store.get("key-40")).toMatchObject({ id: keyNo(40).id });
  expect(await store.find(digestToken("token 7"))).toMatchObject({ key: { name: "key-7" } });
  expect(await store.get("key-41")).toBeNull();
  await expect(store.write(aDraft([{ ...keyNo(41), name: "key-3" }]))).rejects.toMatchObject({ code: "NAME_TAKEN" });
  const [digest] = keyNo(5).versions;
  await expect(store.write(aDraft([keyNo(41, { versions: [digest!] })]))).rejects.toMatchObject({
    code: "STORE_CONFLICT",
  });
  for (let n = 41; n <= 85; n++) await store.write(aDraft([keyNo(n)]));
  expect(await store.list()).toHaveLength(85);
  // This store opens a journal that has grown enough for another checkpoint, and reads only what is new.
  expect(await (await openIn(folder, {}, every)).get("key-85")).not.toBeNull();
  expect(await readCheckpoint()).toMatchObject({ seq: 85, index: { length: 85 * 3 * 8 } });
  const later = await openIn(folder, {}, every);
  for (const n of [1, 40, 41, 85]) expect(await later.get(`key-${n}`)).toMatchObject({ id: keyNo(n).id });
});

const ENTRY = 8;
const ALL = 9 * ENTRY;

test.each([
  ["an entry is altered", ALL],
  ["an entry is missing", ALL - ENTRY],
  ["entries are missing", ENTRY],
  ["it is cut short", ALL - 1],
  ["it is empty", 0],
])("an index is not used if %s", async (kind, length) => {
  const { folder, list, readCheckpoint, checkpoint } = await aJournal(journalOf(3).bytes);
  await list();
  const bytes = await readFile(checkpoint);
  const start = bytes.indexOf("\n") + 1;
  if (kind === "an entry is altered") bytes[start] = bytes[start]! ^ 1;
  await writeFile(checkpoint, bytes.subarray(0, start + length));
  for (const n of [1, 2, 3]) expect(await (await openIn(folder, {}, 1)).get(`key-${n}`)).not.toBeNull();
  expect((await readCheckpoint())!.index).toHaveLength(ALL);
});

test("a store that has looked up a key by its index still loads and lists all", async () => {
  const { folder, list, readCheckpoint } = await aJournal(journalOf(3).bytes);
  await list();
  const every = (await readCheckpoint())!.size;
  for (const read of ["load", "list", "snapshot", "compact"] as const) {
    const store = await openIn(folder, {}, every);
    expect(await store.get("key-2")).not.toBeNull();
    const names: string[] = [];
    if (read === "load") await store.load(({ name }) => names.push(name));
    else if (read === "compact") await store.compact({ at: 1_060, by: "ada@laptop" });
    else await store[read]();
    if (read === "load") expect(names).toEqual(["key-1", "key-2", "key-3"]);
    expect(await store.list()).toHaveLength(3);
  }
});

test("a line that was altered after it was authenticated is damaged", async () => {
  const { bytes } = journalOf(3);
  const { folder, path, list, readCheckpoint } = await aJournal(bytes);
  await list();
  const store = await openIn(folder, {}, (await readCheckpoint())!.size);
  expect(await store.get("key-1")).not.toBeNull();
  await writeFile(path, bytes.toString().replace("key-2", "key-X"));
  await expect(store.get("key-2")).rejects.toMatchObject({ code: "STORE_DAMAGED" });
});

test("a revoked key is not valid again because its last line was replaced by one with another key", async () => {
  const { bytes, sums } = journalOf(3);
  const keys = [{ ...keyNo(2), enabled: false, revision: 2, note: "longer than the other line" }];
  const disabled = formatRecord({ change: { seq: 4, at: 1_000, by: "x", op: "disable", keys } }, sums[3]!).bytes;
  const other = recordOf(4, 4, sums[3]!).bytes;
  const { folder, path, list } = await aJournal(Buffer.concat([bytes, disabled]));
  await list();
  const { size } = await stat(path);
  const store = await openIn(folder, {}, size);
  expect(await store.get("key-2")).toMatchObject({ enabled: false });
  await writeFile(path, Buffer.concat([bytes, other, Buffer.alloc(disabled.length - other.length)]));
  await expect(store.get("key-2")).rejects.toMatchObject({ code: "STORE_DAMAGED" });
});

test("an unreadable record after the checkpoint is reported with its line", async () => {
  const { records, bytes, sums } = journalOf(1_600);
  const size = records.slice(0, 1_000).reduce((sum, { length }) => sum + length, 0);
  const body = `{"v":1,"seq":1601,"prev":"${sums.at(-1)}","at":1,"by":"x","op":"generate","keys":[{"id":"x","name":"bad","prefix":"mcp"}]`;
  const bad = Buffer.from(`\n${body},"sum":"${hash("sha256", body)}"}\t`);
  const { folder } = await aCheckpointed(bytes.subarray(0, size), Buffer.concat([bytes.subarray(size), bad]));
  const store = await openIn(folder, {}, size);
  await expect(store.get("key-9")).resolves.not.toBeNull();
  await expect(store.get("bad")).rejects.toMatchObject({
    code: "STORE_DAMAGED",
    message: expect.stringContaining("line 1602 of"),
  });
});
