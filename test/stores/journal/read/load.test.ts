import { appendFile } from "node:fs/promises";
import { hash } from "node:crypto";
import { expect, test } from "vitest";
import type { Key } from "../../../../src/core/key.ts";
import { createVerifier } from "../../../../src/server/verifier/verifier.ts";
import { journalOf } from "../bytes.ts";
import { aDraft, keyNo, openIn } from "../../place.ts";
import { aJournal } from "./checkpointed.ts";

/** Loads a store into a map. */
async function load(store: Awaited<ReturnType<typeof openIn>>) {
  const loaded = new Map<string, Key>();
  const position = await store.load((key) => loaded.set(key.id, key));
  return { ...position, keys: [...loaded.values()] };
}

test("loads a large journal with and without a checkpoint as a snapshot has it", async () => {
  const { folder } = await aJournal(journalOf(3_000).bytes);
  const writer = await openIn(folder);
  await writer.write(aDraft([keyNo(7, { revision: 1, enabled: false })], { op: "disable" }));
  const expected = await writer.snapshot();
  for (const checkpointEvery of [undefined, 1, 1]) {
    const store = await openIn(folder, {}, checkpointEvery);
    expect(await load(store)).toEqual(expected);
    expect(await store.get("key-7")).toMatchObject({ enabled: false });
    expect(await load(store)).toEqual(expected);
    expect(await store.snapshot()).toEqual(expected);
    expect(await load(store)).toEqual(expected);
  }
});

test("lets other work run while a server reads a large journal", async () => {
  const { folder } = await aJournal(journalOf(5_000).bytes);
  const store = await openIn(folder);
  let count = 0;
  let most = 0;
  let before = 0;
  let isDone = false;
  const look = (): void => {
    most = Math.max(most, count - before);
    before = count;
    if (!isDone) setImmediate(look);
  };
  look();
  await store.load(() => count++);
  isDone = true;
  look();
  expect(count).toBe(5_000);
  expect(most).toBeLessThanOrEqual(1_000);
});

test("a verifier does not start on keys before an unreadable record", async () => {
  const three = journalOf(3);
  const large = journalOf(2_000);
  for (const { bytes, sums } of [three, large]) {
    const { folder, path } = await aJournal(bytes);
    const body = `{"v":1,"seq":${sums.length},"prev":"${sums.at(-1)}","at":1,"by":"x","op":"generate","keys":[{}]`;
    await appendFile(path, `\n${body},"sum":"${hash("sha256", body)}"}\t`);
    for (let round = 0; round < 2; round++) {
      const store = await openIn(folder, {}, 1);
      await expect(createVerifier({ store })).rejects.toMatchObject({ code: "STORE_DAMAGED" });
      await expect(createVerifier({ store })).rejects.toMatchObject({ code: "STORE_DAMAGED" });
    }
  }
});
