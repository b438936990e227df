import { describe, expect, test } from "vitest";
import type { Epoch } from "../../../src/core/key.ts";
import { keyStatus } from "../../../src/core/status.ts";
import { createKeyIndex } from "../../../src/server/key-index/key-index.ts";
import { EndingLog } from "../../../src/server/verifier/ending-log.ts";
import { digestToken } from "../../../src/core/digest.ts";
import { aKey, aVersion } from "../../fakes.ts";
import { createFixture, until } from "../fixture.ts";

const NOW = 1_800_000_000;
const DAY = 86_400;

const idOf = (i: number) => String(i).padStart(12, "0");
const keyEnding = (i: number, end: Epoch | null) =>
  aKey({ id: idOf(i), name: `k${String(i)}`, versions: [aVersion({ digest: digestToken(idOf(i)), expiresAt: end })] });

describe("the server's log", () => {
  test("names a key within 14 days of its end once a day, until it is rotated", async () => {
    const { issue, keys, clock, lines, followed } = await createFixture();
    const token = await issue("ci", { expiresAt: NOW + 20 * DAY });
    const { id } = await keys.get("ci");
    const wait = async (days: number) => {
      clock.now += days * DAY;
      await new Promise((resolve) => setTimeout(resolve, 80));
    };
    await wait(5);
    expect(lines.join("\n")).not.toContain("stops working");
    await wait(1.5);
    const first = `mcp-keys: key ci (${id}) stops working in 13d, at 2027-02-04T08:00:00Z; replace it with: mcp-keys rotate ci`;
    await until(() => lines.includes(first));
    await wait(0.5);
    await wait(0.4);
    const found = () => lines.filter((line) => line.includes("stops working"));
    expect(found()).toEqual([first]);
    await wait(0.2);
    await until(() => found().length === 2);
    expect(lines.join("\n")).not.toContain(token.slice(17));
    await keys.rotate("ci", { expiresAt: null, deliver: async () => undefined });
    await followed();
    await wait(2);
    expect(found()).toHaveLength(2);
  });

  test("names a key at start, and not one that is disabled, revoked or expired, or has a version that works longer", async () => {
    const soon = { expiresAt: NOW + DAY };
    const { keys, store } = await createFixture();
    for (const name of ["near", "disabled", "revoked", "expired", "rotated", "far"]) {
      await keys.generate({ name, expiresAt: name === "far" ? NOW + 1 + 14 * DAY : soon.expiresAt });
    }
    await keys.disable("disabled");
    await keys.revoke("revoked");
    await keys.update("expired", { expiresAt: NOW + 1 });
    await keys.rotate("rotated", { expiresAt: null, deliver: async () => undefined });
    const { lines } = await createFixture({ store, now: () => NOW + 1 });
    const named = lines.filter((line) => line.includes("stops working")).map((line) => line.split(" ")[2]);
    expect(named).toEqual(["near"]);
  });

  test("has at most ten of these lines a day, and one that counts the others", () => {
    const index = createKeyIndex([]);
    for (let i = 0; i < 500; i++) index.put(keyEnding(i, i < 400 ? NOW + 10 * DAY - i : null));
    const lines: string[] = [];
    const log = new EndingLog((line) => lines.push(line));
    for (let at = NOW; at < NOW + DAY; at += 60) log.report(index, at);
    expect(lines).toHaveLength(11);
    expect(lines[0]).toContain("key k399 (000000000399) stops working in 9d");
    expect(lines.at(-1)).toBe("mcp-keys: 390 more keys within 14 days of the end; see mcp-keys list --expiring 14d");
    log.report(index, NOW + DAY);
    expect(lines).toHaveLength(22);
  });

  test("stays silent while the clock fails", () => {
    const index = createKeyIndex([]);
    index.put(keyEnding(1, NOW + DAY));
    const lines: string[] = [];
    const log = new EndingLog((line) => lines.push(line));
    log.report(index, NaN);
    expect(lines).toEqual([]);
    log.report(index, NOW);
    expect(lines).toHaveLength(1);
  });
});

test("the index finds the keys that `list` calls expiring", () => {
  const index = createKeyIndex([]);
  const ends = [null, NOW - 1, NOW, NOW + 1, NOW + 14 * DAY - 1, NOW + 14 * DAY];
  const states = ["pending", "current", "retiring", "retired", "revoked"] as const;
  const keys = [true, false]
    .flatMap((enabled) =>
      ends.flatMap((expiresAt) => states.flatMap((state) => ends.map((last) => ({ enabled, expiresAt, state, last })))),
    )
    .map(({ enabled, expiresAt, state, last }, i) =>
      aKey({
        ...{ id: idOf(i), name: `k${String(i)}`, enabled },
        versions: [
          aVersion({
            digest: digestToken(`a${String(i)}`),
            state,
            expiresAt,
            ...(state.startsWith("reti") && { retiresAt: NOW + 9 }),
          }),
          aVersion({ n: 2, digest: digestToken(`b${String(i)}`), expiresAt: last }),
        ],
      }),
    );
  for (const key of keys) index.put(key);
  for (const key of keys.slice(0, 50)) index.put({ ...key, revision: 1 });
  const expected = keys.filter((key) => keyStatus(key, NOW) === "expiring").map(({ id }) => id);
  const scan = (most: number, rows: number) => {
    const found = index.scanEnding(NOW + 14 * DAY, NOW, most);
    let steps = 1;
    while (!found.step(rows)) steps++;
    return { ids: found.first().map(({ key }) => key.id), ends: found.first().map(({ end }) => end), steps, ...found };
  };
  const all = scan(1_000, 7);
  expect(all.count).toBe(expected.length);
  expect(all.steps).toBe(Math.ceil((2 * keys.length) / 7));
  expect(expected.length).toBeGreaterThan(20);
  expect(all.ids.sort()).toEqual(expected.sort());
  expect(scan(3, 10_000)).toMatchObject({ ends: all.ends.slice(0, 3), count: expected.length, steps: 1 });
});

test("a look at many keys is spread over several reads of the store", () => {
  const index = createKeyIndex([]);
  for (let i = 0; i < 25_000; i++) index.put(keyEnding(i, i === 24_999 ? NOW + DAY : null));
  const lines: string[] = [];
  const log = new EndingLog((line) => lines.push(line));
  for (const expected of [0, 0, 1, 1]) {
    log.report(index, NOW);
    expect(lines).toHaveLength(expected);
  }
});
