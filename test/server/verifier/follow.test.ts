import { describe, expect, onTestFinished, test, vi } from "vitest";
import { KeysError } from "../../../src/errors.ts";
import { createKeys } from "../../../src/keys/keys.ts";
import { waitForServers } from "../../../src/keys/wait-for-servers.ts";
import { createVerifier } from "../../../src/server/verifier/verifier.ts";
import type { Change, KeyStore } from "../../../src/stores/store.ts";
import { aFolder, openIn } from "../../stores/place.ts";
import { createFixture, until } from "../fixture.ts";

const gone = new KeysError("STORE_UNAVAILABLE", "the disk is gone");
const damaged = new KeysError("STORE_DAMAGED", "line 7 is damaged");

describe("following", () => {
  test("sees a change after a wake-up, long before the next poll", async () => {
    const { verifier, issue } = await createFixture({ pollEvery: 3600, maxStaleness: 7200 });
    expect(verifier.verify(await issue("ci"))).toMatchObject({ ok: true });
    expect(verifier.verify(await issue("cd"))).toMatchObject({ ok: true });
  });

  test("sees a change at the next poll if the wake-up is lost", async () => {
    const { verifier, issue } = await createFixture({ trouble: { deaf: true } });
    expect(verifier.verify(await issue("ci"))).toMatchObject({ ok: true });
  });

  test("sees changes from before the watch when the watch starts", async () => {
    const { store } = await createFixture();
    let begin = () => {};
    const watch: KeyStore["watch"] = async (wake) => {
      await new Promise<void>((resolve) => (begin = resolve));
      return store.watch(wake);
    };
    const slow = { pollEvery: 3600, maxStaleness: 7200, store: { ...store, watch } };
    const { verifier, keys } = await createFixture(slow);
    const { token } = await keys.generate({ name: "ci", expiresAt: null });
    expect(verifier.verify(token.reveal())).toMatchObject({ ok: false });
    begin();
    await until(() => verifier.verify(token.reveal()).ok);
  });

  test("reads again after a wake-up during a read", async () => {
    const { store, issue } = await createFixture();
    await issue("cd");
    const gates: (() => void)[] = [];
    const changes: KeyStore["changes"] = async function* (since) {
      yield* store.changes(since);
      await new Promise<void>((resolve) => gates.push(resolve));
    };
    const slow = { pollEvery: 3600, maxStaleness: 7200, store: { ...store, changes } };
    const { verifier, keys } = await createFixture(slow);
    await until(() => gates.length === 1);
    const { token } = await keys.generate({ name: "ci", expiresAt: null });
    await new Promise((resolve) => setTimeout(resolve, 10));
    gates[0]!();
    await until(() => gates.length === 2 && verifier.verify(token.reveal()).ok);
    gates[1]!();
  });

  test("a watch that cannot start is not a fault, and starts later", async () => {
    const { verifier, issue, trouble } = await createFixture({ trouble: { watchFault: gone } });
    expect(verifier.verify(await issue("ci"))).toMatchObject({ ok: true });
    expect(verifier.counters.faults).toBe(0);
    expect(trouble.watchers).toBe(0);
    trouble.watchFault = null;
    await until(() => trouble.watchers === 1);
  });

  test("closes a gap in the history from the snapshot", async () => {
    const { store, verifier, issue, keys, trouble } = await createFixture();
    const first = await issue("ci");
    const dropped: Change[] = [];
    const whole = store.changes.bind(store);
    Object.assign(store, {
      async *changes(since: number) {
        for await (const change of whole(since)) {
          if (change.op === "revoke") dropped.push(change);
          else yield change;
        }
      },
    });
    const reads = trouble.reads;
    await keys.revoke("ci");
    await keys.generate({ name: "cd", expiresAt: null });
    await until(() => !verifier.verify(first).ok);
    expect(verifier.verify(first)).toMatchObject({ reason: "revoked" });
    expect(dropped).not.toEqual([]);
    expect(trouble.reads).toBeGreaterThan(reads);
  });

  test("reads a change again that could not be applied", async () => {
    const { store, verifier, issue, keys } = await createFixture();
    const token = await issue("ci");
    const whole = store.changes.bind(store);
    let failures = 3;
    Object.assign(store, {
      async *changes(since: number) {
        for await (const change of whole(since)) {
          if (failures-- > 0) yield { ...change, keys: [{ ...change.keys[0], versions: null }] };
          else yield change;
        }
      },
    });
    await keys.revoke("ci");
    await until(() => !verifier.verify(token).ok);
    await until(() => verifier.position().seq === 2);
    expect(verifier.counters.faults).toBeGreaterThan(0);
  });

  test("knows the epoch of an empty store with the first change, and does not say that it fails", async () => {
    const folder = await aFolder();
    const [store, writer] = [await openIn(folder), await openIn(folder)];
    const lines: string[] = [];
    const verifier = await createVerifier({ store, peppers: [], pollEvery: 30, log: (line) => void lines.push(line) });
    onTestFinished(() => verifier.close());
    const { position } = await createKeys({ store: writer, peppers: [], by: "ada" }).generate({
      name: "ci",
      expiresAt: null,
    });
    expect(await waitForServers(writer, position, { timeout: 900 })).toMatchObject({ of: 1, lagging: [] });
    await until(() => verifier.ready);
    expect(lines.filter((line) => line.includes("answer"))).toEqual([]);
  });

  test("close stops everything", async () => {
    const { verifier, trouble } = await createFixture();
    await until(() => trouble.watchers === 1);
    await verifier.close();
    await verifier.close();
    const { reads } = trouble;
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(trouble).toMatchObject({ watchers: 0, reads });
  });

  test("throws if the store cannot be read at the start", async () => {
    const { store, trouble } = await createFixture();
    trouble.fault = damaged;
    await expect(createVerifier({ store })).rejects.toMatchObject({ code: "STORE_DAMAGED" });
  });
});

describe("a store that fails while serving", () => {
  test.each([
    ["a fault", gone, "STORE_UNAVAILABLE"],
    ["damage", damaged, "STORE_DAMAGED"],
    ["an error of another kind", new TypeError("not ours"), "STORE_UNAVAILABLE"],
  ])("%s: answers from memory for a while, then not at all, then recovers", async (_, fault, code) => {
    const faults: (string | null)[] = [];
    const fixture = await createFixture({ onFault: (each) => faults.push(each?.code ?? null) });
    const { verifier, issue, trouble, clock, lines } = fixture;
    const token = await issue("ci");
    trouble.fault = fault;
    await until(() => verifier.counters.faults > 3);
    clock.now += 60;
    expect(verifier.verify(token)).toMatchObject({ ok: true });
    expect(verifier.ready).toBe(true);
    clock.now += 1;
    expect(() => verifier.verify(token)).toThrow(expect.objectContaining({ code: "STORE_UNAVAILABLE" }));
    expect(verifier.ready).toBe(false);
    await until(() => lines.some((line) => line.includes("503")));
    trouble.fault = null;
    await until(() => verifier.ready);
    expect(verifier.verify(token)).toMatchObject({ ok: true });
    expect(faults).toEqual([code, null]);
    expect(lines.filter((line) => line.includes(`(${code})`))).toHaveLength(1);
    expect(lines.filter((line) => line.includes("answers again"))).toHaveLength(1);
    expect(verifier.counters.unavailable).toBe(1);
  });

  test("changes during the outage take effect after it", async () => {
    const { verifier, issue, trouble, keys } = await createFixture();
    const token = await issue("ci");
    trouble.fault = gone;
    await until(() => verifier.counters.faults > 0);
    await keys.revoke("ci");
    expect(verifier.verify(token)).toMatchObject({ ok: true });
    trouble.fault = null;
    await until(() => !verifier.verify(token).ok);
  });

  test("reports each new fault once", async () => {
    const faults: (string | null)[] = [];
    const { verifier, trouble } = await createFixture({ onFault: (each) => faults.push(each?.code ?? null) });
    trouble.fault = gone;
    await until(() => verifier.counters.faults > 2);
    trouble.fault = damaged;
    await until(() => faults.length > 1);
    trouble.fault = null;
    await until(() => faults.length > 2);
    expect(faults).toEqual(["STORE_UNAVAILABLE", "STORE_DAMAGED", null]);
  });

  test("a clock that goes back does not extend how long memory answers", async () => {
    const { verifier, issue, trouble, clock } = await createFixture();
    const token = await issue("ci");
    trouble.fault = gone;
    clock.now -= 3600;
    await until(() => verifier.counters.faults > 1);
    clock.now += 61;
    expect(() => verifier.verify(token)).toThrow(expect.objectContaining({ code: "STORE_UNAVAILABLE" }));
  });

  test("gives up a read that never ends, and a later one succeeds", async () => {
    const { verifier, issue, trouble, clock, lines } = await createFixture();
    const token = await issue("ci");
    trouble.hangs = true;
    await until(async () => {
      clock.now += 20;
      return lines.some((line) => line.includes("does not answer"));
    });
    expect(() => verifier.verify(token)).toThrow(expect.objectContaining({ code: "STORE_UNAVAILABLE" }));
    trouble.hangs = false;
    await until(() => verifier.ready);
    expect(verifier.verify(token)).toMatchObject({ ok: true });
  });

  test("ignores the result of a read that was given up", async () => {
    const { store } = await createFixture();
    const gates: (() => void)[] = [];
    const changes: KeyStore["changes"] = async function* (since) {
      await new Promise<void>((resolve) => gates.push(resolve));
      yield* store.changes(since);
    };
    const { verifier, clock } = await createFixture({ store: { ...store, changes } });
    await until(() => gates.length === 1);
    clock.now += 61;
    await until(() => gates.length === 2);
    gates[0]!();
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(verifier.ready).toBe(false);
    gates[1]!();
    await until(() => verifier.ready);
  });

  test("a refresh does not wait for a failing store", async () => {
    const { verifier, trouble } = await createFixture();
    trouble.fault = gone;
    await until(() => verifier.counters.faults > 0);
    trouble.hangs = true;
    const { reads } = trouble;
    await until(() => trouble.reads > reads);
    const start = performance.now();
    await verifier.refresh();
    expect(performance.now() - start).toBeLessThan(1_000);
    trouble.hangs = false;
  });

  test("a refresh gives up after five seconds, and the next one immediately", async () => {
    const { verifier, trouble, clock } = await createFixture();
    trouble.hangs = true;
    const { reads } = trouble;
    await until(() => trouble.reads > reads);
    clock.now += 61;
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const ended = verifier.refresh().then(() => "ended");
    await vi.advanceTimersByTimeAsync(4_900);
    expect(await Promise.race([ended, Promise.resolve("waits")])).toBe("waits");
    await vi.advanceTimersByTimeAsync(200);
    expect(await ended).toBe("ended");
    await verifier.refresh();
    expect(verifier.ready).toBe(false);
    expect(verifier.counters.faults).toBeGreaterThan(0);
    trouble.hangs = false;
  });

  test("ignores hooks that throw", async () => {
    const hook = () => {
      throw new Error("a hook that fails");
    };
    const { verifier, issue, trouble } = await createFixture({ onFault: hook, log: hook });
    const token = await issue("ci");
    trouble.fault = gone;
    await until(() => verifier.counters.faults > 2);
    expect(verifier.verify("nonsense")).toMatchObject({ ok: false });
    trouble.fault = null;
    const before = verifier.counters.faults;
    await until(() => verifier.ready && verifier.verify(token).ok);
    expect(verifier.counters.faults).toBeGreaterThanOrEqual(before);
  });
});

test("rejects every token while the store is empty, and logs that once", async () => {
  const { verifier, issue, lines } = await createFixture();
  const unknown = await (await createFixture()).issue("x");
  expect(verifier.verify(unknown)).toEqual({ ok: false, reason: "unknown" });
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(lines.filter((line) => line.includes("no keys in memory:"))).toHaveLength(1);
  expect(verifier.verify(await issue("ci"))).toMatchObject({ ok: true });
});
