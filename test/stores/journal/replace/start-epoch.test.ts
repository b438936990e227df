import { copyFile, readdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createKeys } from "../../../../src/keys/keys.ts";
import { epochAfter, follows } from "../../../../src/stores/journal/format/epoch.ts";
import { createFixture, until } from "../../../server/fixture.ts";
import { aDraft, aFolder, changesOf, keyNo, openIn } from "../../place.ts";

const NOW = { at: 1_000, by: "ada@laptop" };

/** A journal of two keys that a server has read, and then the copy from before the second key in its place. */
async function aRestored() {
  const folder = await aFolder();
  const path = join(folder, "keys.jsonl");
  const running = await openIn(folder);
  await running.write(aDraft([keyNo(1)]));
  await copyFile(path, join(folder, "backup"));
  await running.write(aDraft([keyNo(2)]));
  const before = await running.snapshot();
  const restore = async () => {
    await copyFile(join(folder, "backup"), `${path}.copy`);
    await rename(`${path}.copy`, path);
  };
  await restore();
  await expect(running.snapshot()).rejects.toMatchObject({ code: "STORE_REWOUND" });
  return { folder, running, before, restore };
}

test("a restored history is used again once a person has accepted it, with all its changes", async () => {
  const { folder, running, before } = await aRestored();
  const accepted = await (await openIn(folder)).startEpoch(NOW);
  expect(accepted.epoch).not.toBe(before.epoch);
  expect(accepted.seq).toBe(2);
  for (const store of [running, await openIn(folder)]) {
    expect(await store.position()).toEqual(accepted);
    expect((await store.list()).map(({ name }) => name)).toEqual(["key-1"]);
    expect(await changesOf(store)).toMatchObject([
      { seq: 1, op: "generate", keys: [{ name: "key-1" }] },
      { seq: 2, op: "adopt", by: "ada@laptop", keys: [] },
    ]);
  }
  expect((await readdir(folder)).filter((name) => name.endsWith(".next"))).toEqual([]);
});

test("a follower of the lost history gets no change that follows on from it", async () => {
  const { folder, running, before } = await aRestored();
  const other = await openIn(folder);
  await other.startEpoch(NOW);
  for (const n of [3, 4, 5]) await other.write(aDraft([keyNo(n)]));
  const [first] = await changesOf(running, before.seq);
  expect(first?.seq).toBe(1);
  const after = await running.snapshot();
  expect(after.keys.map(({ name }) => name)).toEqual(["key-1", "key-3", "key-4", "key-5"]);
  expect(await changesOf(running, after.seq)).toEqual([]);
});

test("the process that noticed it can accept it itself", async () => {
  const { running } = await aRestored();
  const accepted = await running.startEpoch(NOW);
  expect(await running.position()).toEqual(accepted);
  expect(await running.write(aDraft([keyNo(3)]))).toMatchObject({ epoch: accepted.epoch, seq: 3 });
});

test("the same backup must be accepted each time it comes back", async () => {
  const { folder, running, restore } = await aRestored();
  const accepted = await running.startEpoch(NOW);
  await running.compact(NOW);
  expect(await running.position()).toMatchObject({ epoch: accepted.epoch });
  await restore();
  await expect(running.position()).rejects.toMatchObject({ code: "STORE_REWOUND" });
  // It counts as often accepted as the lost one, so a process that knows that one must be started again.
  await (await openIn(folder)).startEpoch(NOW);
  await expect(running.position()).rejects.toMatchObject({ code: "STORE_REWOUND" });
  expect((await (await openIn(folder)).position()).epoch).not.toBe(accepted.epoch);
});

test("an empty store has nothing to accept", async () => {
  const store = await openIn(await aFolder());
  expect(await store.startEpoch(NOW)).toEqual({ epoch: "empty", seq: 0 });
  expect(await store.write(aDraft([keyNo(1)]))).toMatchObject({ seq: 1 });
});

test("a running server goes on with the accepted history", async () => {
  const folder = await aFolder();
  const path = join(folder, "keys.jsonl");
  const store = await openIn(folder);
  const keys = createKeys({ store, now: () => 1_800_000_000, by: "ada@laptop", peppers: [] });
  const kept = await keys.generate({ name: "kept", expiresAt: null });
  await copyFile(path, join(folder, "backup"));
  const lost = await keys.generate({ name: "lost", expiresAt: null });
  const { verifier } = await createFixture({ store: await openIn(folder) });
  expect(verifier.verify(lost.token.reveal()).ok).toBe(true);
  await rename(join(folder, "backup"), path);
  await (await openIn(folder)).startEpoch({ at: 1_800_000_000, by: "ada@laptop" });
  await until(() => verifier.ready && !verifier.verify(lost.token.reveal()).ok);
  expect(verifier.verify(kept.token.reveal()).ok).toBe(true);
});

test("an epoch follows only those of the same history that were accepted fewer times", () => {
  const [first, second] = ["a1ebc827c11a26bd", "b1ebc827c11a26bd"];
  const later = epochAfter(first, "01234567");
  const latest = epochAfter(later, "89abcdef");
  expect(later).toBe("a1ebc827c11a26bd-1-01234567");
  expect(latest).toBe("a1ebc827c11a26bd-2-89abcdef");
  expect([follows(later, first), follows(latest, first), follows(latest, later)]).toEqual([true, true, true]);
  expect([follows(first, later), follows(later, later), follows(later, epochAfter(first, "89abcdef"))]).toEqual([
    ...[false, false, false],
  ]);
  expect(follows(later, second)).toBe(false);
  expect(follows(first, first)).toBe(false);
});
