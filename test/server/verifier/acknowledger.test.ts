import { describe, expect, onTestFinished, test } from "vitest";
import { checkAcknowledgement, type Acknowledgement } from "../../../src/core/follower.ts";
import { KeysError } from "../../../src/errors.ts";
import { createKeys } from "../../../src/keys/keys.ts";
import { startVerifier, type VerifierOptions } from "../../../src/server/verifier/verifier.ts";
import { openMemoryStore } from "../../../src/stores/memory.ts";
import type { KeyStore } from "../../../src/stores/store.ts";
import { until } from "../fixture.ts";

const NOW = 1_800_000_000;
const full = new KeysError("STORE_UNAVAILABLE", "the disk is full");
const readOnly = new KeysError("STORE_READ_ONLY", "the store is read-only");

/** A verifier over a store that records what it is told, with clocks that a test can move. */
async function follow(options: Partial<VerifierOptions> & { fault?: unknown } = {}) {
  const memory = await openMemoryStore();
  const state = { now: NOW, ticks: 0, fault: options.fault ?? null, readFault: null as KeysError | null };
  const told: Acknowledgement[] = [];
  const gone: string[] = [];
  const store: KeyStore = {
    ...memory,
    async *changes(since) {
      if (state.readFault !== null) throw state.readFault;
      yield* memory.changes(since);
    },
    async acknowledge(news) {
      if (state.fault !== null) throw state.fault;
      told.push(news);
    },
    unfollow: async (id) => void gone.push(id),
  };
  const { fault: _, ...more } = options;
  const lines: string[] = [];
  const keys = createKeys({ store, now: () => state.now, by: "test", peppers: [] });
  const { token } = await keys.generate({ name: "ci", expiresAt: null });
  const verifier = await startVerifier(
    {
      ...{ store, now: () => state.now, peppers: [], pollEvery: 0.02, name: "web-1" },
      ...{ log: (line: string) => lines.push(line), ...more },
    },
    () => state.ticks,
  );
  onTestFinished(() => verifier.close());
  return { verifier, keys, store, state, told, gone, lines, token: token.reveal() };
}

describe("a store that lists its followers", () => {
  test("is told the name, the position and a lease that is longer than the verifier's own", async () => {
    const { verifier, told, store } = await follow();
    expect(told).toEqual([
      {
        id: expect.stringMatching(/^[A-Za-z0-9-]{12,64}$/),
        name: "web-1",
        position: await store.position(),
        lease: 63_060,
        version: expect.stringMatching(/^\d/),
      },
    ]);
    expect(verifier.position()).toEqual(await store.position());
  });

  test("may be told the longest lease, because memory then answers for a little less than a day", async () => {
    const { told } = await follow({ maxStaleness: 86_400 });
    expect(() => checkAcknowledgement(told[0]!)).not.toThrow();
  });

  test("is told of each change at once, after the listeners", async () => {
    const { verifier, keys, told, token, store } = await follow({ pollEvery: 3600, maxStaleness: 7200 });
    await new Promise((resolve) => setTimeout(resolve, 20));
    const seen: number[] = [];
    verifier.onRevoked(() => {
      seen.push(told.length);
      expect(verifier.verify(token).ok).toBe(false);
    });
    const before = told.length;
    await keys.revoke("ci");
    await until(() => told.length > before);
    expect(seen).toEqual([before]);
    expect(told.at(-1)?.position).toEqual(await store.position());
  });

  test("is told nothing between two thirds of a lease without changes, by either clock", async () => {
    const { state, told } = await follow();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(told).toHaveLength(1);
    state.ticks += 20_000;
    await until(() => told.length === 2);
    state.now += 20;
    await until(() => told.length === 3);
  });

  test("is told once a poll while the clock fails, and nothing is accepted until it works again", async () => {
    const { verifier, state, told, token } = await follow({ pollEvery: 0.05 });
    state.now = NaN;
    await until(() => told.length > 2);
    const before = told.length;
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(told.length - before).toBeLessThan(6);
    expect(() => verifier.verify(token)).toThrow(expect.objectContaining({ code: "STORE_UNAVAILABLE" }));
    state.now = NOW;
    await until(() => verifier.ready);
    expect(verifier.verify(token).ok).toBe(true);
  });

  test("loses the verifier when that closes, which then accepts nothing", async () => {
    const { verifier, told, gone, token } = await follow();
    await verifier.close();
    await verifier.close();
    expect(gone).toEqual([told[0]?.id]);
    expect(() => verifier.verify(token)).toThrow(
      expect.objectContaining({ code: "STORE_UNAVAILABLE", message: "the verifier was closed" }),
    );
    expect(verifier.ready).toBe(false);
    expect(await verifier.refresh()).toBe(false);
  });

  test("loses a verifier that cannot start", async () => {
    const id = "p1";
    const peppers = [{ id, key: "x".repeat(32) }];
    const memory = await openMemoryStore();
    await createKeys({ store: memory, now: () => NOW, by: "test", peppers }).generate({ name: "ci", expiresAt: null });
    const start = startVerifier({ store: memory, now: () => NOW, peppers: [] }, () => 0);
    await expect(start).rejects.toMatchObject({ code: "PEPPER_MISSING" });
    expect(await memory.followers?.()).toEqual([]);
  });
});

describe("acknowledgements that fail", () => {
  test("end acceptance when the lease is over although reads work, and it recovers", async () => {
    const faults: (string | null)[] = [];
    const { verifier, state, token, lines } = await follow({ onFault: (fault) => faults.push(fault?.code ?? null) });
    state.fault = full;
    state.ticks += 59_000;
    expect(verifier.verify(token).ok).toBe(true);
    await until(() => faults.length > 0);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(verifier.verify(token).ok).toBe(true);
    state.ticks += 1_000;
    expect(() => verifier.verify(token)).toThrow(expect.objectContaining({ code: "STORE_UNAVAILABLE" }));
    await until(() => lines.some((line) => line.includes("503")));
    state.fault = null;
    await until(() => verifier.ready);
    expect(verifier.verify(token).ok).toBe(true);
    expect(faults).toEqual(["STORE_UNAVAILABLE", null]);
    expect(lines.filter((line) => line.includes("the disk is full"))).toHaveLength(1);
  });

  test("at the start reject it, because the store may count on this verifier", async () => {
    await expect(follow({ fault: full })).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
  });

  test.each([
    ["a read-only store", readOnly],
    ["a folder without permission", Object.assign(new Error("EACCES"), { code: "EACCES" })],
    [
      "a read-only file system",
      new KeysError("STORE_UNAVAILABLE", "no", { cause: Object.assign(new Error("EROFS"), { code: "EROFS" }) }),
    ],
  ])(
    "at the start, because of %s, leave a verifier that works by reads alone, and are logged once",
    async (_, fault) => {
      const { verifier, state, token, lines, keys, gone } = await follow({ fault });
      expect(lines).toEqual([
        "mcp-keys: this server may not write to memory:, so mcp-keys cannot confirm that it knows a change",
      ]);
      state.fault = null;
      state.ticks += 59_000;
      await new Promise((resolve) => setTimeout(resolve, 60));
      state.ticks += 59_000;
      expect(verifier.verify(token).ok).toBe(true);
      await keys.revoke("ci");
      await until(() => !verifier.verify(token).ok);
      await verifier.close();
      expect(gone).toEqual([]);
    },
  );
});

test("a process that stood still accepts nothing until it has acknowledged and read again, which a refresh does", async () => {
  const { verifier, state, token, told } = await follow({ pollEvery: 3600, maxStaleness: 7200 });
  await new Promise((resolve) => setTimeout(resolve, 20));
  state.ticks += 7_200_000;
  const before = told.length;
  expect(() => verifier.verify(token)).toThrow(expect.objectContaining({ code: "STORE_UNAVAILABLE" }));
  expect(await verifier.refresh()).toBe(true);
  expect(told.length).toBeGreaterThan(before);
  expect(verifier.verify(token).ok).toBe(true);
});

test("accepts nothing after the history went back, until a person accepts it", async () => {
  const { verifier, state, token } = await follow();
  state.readFault = new KeysError("STORE_REWOUND", "the history is at 3, but it was at 5");
  await until(() => !verifier.ready);
  expect(() => verifier.verify(token)).toThrow(expect.objectContaining({ code: "STORE_REWOUND" }));
  state.readFault = null;
  await until(() => verifier.ready);
  expect(verifier.verify(token).ok).toBe(true);
});

describe("atLeast", () => {
  test("resolves once a change has been applied and acknowledged, at once if it was before", async () => {
    const { verifier, keys, store, told, token } = await follow({ pollEvery: 3600, maxStaleness: 7200 });
    await verifier.atLeast(await store.position(), { timeout: 0.001 });
    await keys.revoke("ci");
    const { epoch, seq } = await store.position();
    await verifier.atLeast(`${epoch}.${String(seq)}`);
    expect(verifier.verify(token).ok).toBe(false);
    expect(told.at(-1)?.position.seq).toBe(seq);
  });

  test("waits for the acknowledgement too", async () => {
    const { verifier, keys, store, state, token } = await follow();
    state.fault = full;
    await keys.revoke("ci");
    const waiting = verifier.atLeast(await store.position(), { timeout: 0.15 });
    await expect(waiting).rejects.toMatchObject({ code: "STORE_BEHIND" });
    expect(verifier.verify(token).ok).toBe(false);
    state.fault = null;
    await verifier.atLeast(await store.position());
  });

  test("throws STORE_BEHIND for a change that does not arrive, and POSITION_UNKNOWN for another history", async () => {
    const { verifier, store } = await follow();
    const { epoch, seq } = await store.position();
    const late = verifier.atLeast({ epoch, seq: seq + 1 }, { timeout: 0.05 });
    await expect(late).rejects.toMatchObject({
      code: "STORE_BEHIND",
      message: `this server is at ${epoch}.${String(seq)} and has not confirmed ${epoch}.${String(seq + 1)} yet`,
    });
    await expect(verifier.atLeast({ epoch: "other", seq: 1 })).rejects.toMatchObject({ code: "POSITION_UNKNOWN" });
  });

  test("waits for any store of the verifier, and for one that cannot be told by its reads alone", async () => {
    const [first, second] = [await openMemoryStore(), await openMemoryStore()];
    const { acknowledge: _, ...mute } = second;
    const verifier = await startVerifier({ stores: [first, mute], peppers: [] }, () => performance.now());
    onTestFinished(() => verifier.close());
    await createKeys({ store: second, by: "test", peppers: [] }).generate({ name: "ci", expiresAt: null });
    await verifier.atLeast(await second.position());
    expect(verifier.position()).toEqual(await first.position());
  });

  test("rejects what is not a position or not a time", async () => {
    const { verifier, store } = await follow();
    for (const wrong of ["x", { epoch: "", seq: 1 }, { epoch: "a", seq: -1 }, null]) {
      await expect(verifier.atLeast(wrong as never)).rejects.toMatchObject({ code: "USAGE" });
    }
    const timeout = verifier.atLeast(await store.position(), { timeout: 0 });
    await expect(timeout).rejects.toMatchObject({ code: "USAGE" });
  });
});
