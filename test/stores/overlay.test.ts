import { describe, expect, test } from "vitest";
import { createKeys } from "../../src/keys/keys.ts";
import { openMemoryStore } from "../../src/stores/memory.ts";
import { observeWrites, rehearse } from "../../src/stores/overlay.ts";

const NOW = 1_800_000_000;

async function withKey() {
  const store = await openMemoryStore();
  const keysOf = (over: typeof store, now = NOW) =>
    createKeys({ store: over, now: () => now, by: "ada@laptop", peppers: [] });
  const { key } = await keysOf(store).generate({ name: "ci", expiresAt: null });
  return { store, keysOf, key };
}

describe("a rehearsal", () => {
  test("sees its own writes, and the store does not", async () => {
    const { store, keysOf, key } = await withKey();
    const before = await store.snapshot();
    const keys = keysOf(rehearse(store));
    await keys.rotate("ci", { deliver: async () => undefined });
    for (const ref of ["ci", key.id]) expect((await keys.get(ref)).versions).toHaveLength(2);
    expect((await keys.list())[0]!.versions).toHaveLength(2);
    expect(await store.snapshot()).toEqual(before);
  });

  test("fails where the store would", async () => {
    const { store, keysOf } = await withKey();
    const rotate = (over: typeof store, now?: number) =>
      keysOf(over, now).rotate("ci", { deliver: async () => undefined });
    await expect(rotate(rehearse(store), NOW - 3_600)).rejects.toMatchObject({ code: "CLOCK_BEHIND" });
    const error = await rotate(store, NOW - 3_600).catch((each: unknown) => each);
    await expect(rotate(rehearse(store), NOW - 3_600)).rejects.toEqual(error);
  });

  test("records no use", async () => {
    const { store } = await withKey();
    expect(() => rehearse(store).touch([])).toThrow(expect.objectContaining({ code: "BUG" }));
  });
});

test("observed writes are reported once they are written, and not if they fail", async () => {
  const { store, keysOf } = await withKey();
  const seen: string[] = [];
  const keys = keysOf(observeWrites(store, ({ op, seq }) => seen.push(`${op} ${String(seq)}`)));
  await keys.rotate("ci", { deliver: async () => undefined });
  await keys.disable("ci");
  await keys.disable("ci");
  await expect(
    keysOf(
      observeWrites(store, () => expect.unreachable()),
      5,
    ).enable("ci"),
  ).rejects.toMatchObject({
    code: "CLOCK_BEHIND",
  });
  expect(seen).toEqual(["stage 2", "promote 3", "disable 4"]);
});
