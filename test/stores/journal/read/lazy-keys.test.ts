import { execFile } from "node:child_process";
import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import fc from "fast-check";
import { expect, test } from "vitest";
import { openFileStore } from "../../../../src/stores/file.ts";
import { RUNS } from "../../../arbitraries.ts";
import { aDraft, aFolder, aWorld, changesOf, keyNo, openIn } from "../../place.ts";

test("after a snapshot, keys are found and names are taken as before", async () => {
  const folder = await aFolder();
  const store = await openIn(folder);
  await store.write(aDraft([keyNo(1)]));
  expect((await store.snapshot()).keys).toHaveLength(1);
  expect(await store.get("key-1")).toMatchObject({ id: keyNo(1).id });
  await store.snapshot();
  const taken = aDraft([{ ...keyNo(2), name: "key-1" }]);
  await expect(store.write(taken)).rejects.toMatchObject({ code: "NAME_TAKEN" });
  await store.snapshot();
  await store.write(aDraft([keyNo(2)]));
  expect(await store.list()).toHaveLength(2);
});

test("after a snapshot, followers and lookups find new damage", async () => {
  const folder = await aFolder();
  const store = await openIn(folder);
  await store.write(aDraft([keyNo(1)]));
  const { seq } = await store.snapshot();
  await appendFile(join(folder, "keys.jsonl"), "{}\t\n");
  await expect(changesOf(store, seq)).rejects.toMatchObject({ code: "STORE_DAMAGED" });
  await expect(store.get("key-1")).rejects.toMatchObject({ code: "STORE_DAMAGED" });
});

/** A step of the store that releases its keys, or of another store on the same file. */
const step = fc.constantFrom("snapshot", "load", "list", "get", "write", "changes", "other writes", "other compacts");

test.each([undefined, 1])(
  "a store that released its keys sees the same as others (checkpoint every %s bytes)",
  async (checkpointEvery) => {
    const property = fc.asyncProperty(fc.array(step, { maxLength: 14 }), async (steps) => {
      const folder = await aFolder();
      const path = join(folder, "keys.jsonl");
      const store = await openIn(folder, {}, checkpointEvery);
      const other = await openIn(folder, {}, checkpointEvery);
      let count = 0;
      let seen = 0;
      const names = new Set<string>();
      for (const each of steps) {
        if (each === "write") await store.write(aDraft([keyNo(++count)]));
        else if (each === "other writes") await other.write(aDraft([keyNo(++count)]));
        else if (each === "other compacts") await other.compact({ at: 1_060, by: "ada@laptop" });
        else if (each === "get")
          expect((await store.get(`key-${count}`))?.id).toBe(count === 0 ? undefined : keyNo(count).id);
        else if (each === "list") expect(await store.list()).toHaveLength(count);
        else if (each === "snapshot") {
          const { seq, keys } = await store.snapshot();
          expect(keys).toHaveLength(count);
          keys.forEach(({ name }) => names.add(name));
          seen = seq;
        } else if (each === "load") {
          const loaded = new Set<string>();
          ({ seq: seen } = await store.load(({ name }) => loaded.add(name)));
          expect(loaded.size).toBe(count);
          loaded.forEach((name) => names.add(name));
        } else {
          for (const { seq, keys } of await changesOf(store, seen)) {
            keys.forEach(({ name }) => names.add(name));
            seen = seq;
          }
          expect(names.size).toBe(count);
        }
      }
      const fresh = await openFileStore(path, aWorld());
      expect(await store.snapshot()).toEqual(await fresh.snapshot());
      await Promise.all([fresh, store, other].map((one) => one.close()));
    });
    await fc.assert(property, { numRuns: RUNS.some / 10 });
  },
);

test("a server keeps the keys only in its verifier, not also in the store", async () => {
  const folder = await aFolder();
  const program = `
    import { createKeys, createVerifier, openStore } from "mcp-keys";
    const memory = await openStore("memory:");
    const keys = createKeys({ store: memory, by: "ada@laptop" });
    for (let i = 0; i < 20_000; i++) await keys.generate({ name: "key-" + i, expiresAt: null });
    const history = [];
    for await (const change of memory.changes(0)) history.push(change);
    const file = await openStore(process.argv[1]);
    await file.adopt(history);
    await file.close();
    history.length = 0;
    const held = () => (gc(), gc(), process.memoryUsage().heapUsed);
    const before = held();
    const store = await openStore(process.argv[1]);
    const verifier = await createVerifier({ store });
    console.log((held() - before) / 20_000, verifier.ready);
    process.exit();
  `;
  const args = ["--expose-gc", "--input-type=module", "-e", program, `file:${join(folder, "keys.jsonl")}`];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env: { PATH: process.env["PATH"] } });
  const [bytes, ready] = stdout.trim().split(" ");
  expect(ready).toBe("true");
  // It would be 800 with the key objects. The rest is code, which does not grow with the number of keys.
  expect(Number(bytes)).toBeLessThan(300);
});
