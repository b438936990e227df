import fc from "fast-check";
import { expect, onTestFinished, test, vi } from "vitest";
import type { Verifier } from "../../../src/server/verifier/verifier.ts";
import { accepts, createRandom, createStores, SimulatedTime, startSimulated } from "./simulated-fleet.ts";

const RUNS = process.env["MCP_KEYS_TORTURE"] === "1" ? 5_000 : 60;
const STEPS = 250;
/** Steps without trouble, in which everything recovers. */
const CALM = 120;

/** What disturbs a run besides the network. A suspended machine is not combined with clocks that are set: no verifier can notice both. */
type Trouble = "stops" | "suspends" | "sets clocks";

async function simulate(seed: number, count: number, trouble: Trouble): Promise<void> {
  const random = createRandom(seed);
  const time = new SimulatedTime();
  const stores = await createStores(count, time, random);
  let verifier: Verifier | undefined;
  let isClosed = false;
  const start = (): void => {
    void startSimulated(stores, time).then(
      (started) => (verifier = started),
      () => start(),
    );
  };
  const check = (): void => {
    for (const store of stores) {
      store.confirm();
      const refused = store.revoked.filter(({ isConfirmed }) => isConfirmed);
      if (verifier === undefined) continue;
      for (const { token } of refused) {
        if (accepts(verifier, token)) expect.fail(`accepted a token at ${String(time.t)} ms after it was confirmed`);
      }
    }
  };
  const pick = () => stores[Math.floor(random() * stores.length)]!;
  const pass = (milliseconds: number): void => {
    if (trouble === "suspends") time.suspended += milliseconds;
    time.t += milliseconds;
  };
  const disturb = async (): Promise<void> => {
    const dice = random();
    if (dice < 0.04) await pick().revoke();
    else if (dice < 0.06) pick().weather.reads = random() < 0.5 ? 0 : random();
    else if (dice < 0.08) pick().weather.acknowledgements = random() < 0.5 ? 0 : random();
    // A start waits for as long as the store takes.
    else if (dice < 0.09 && verifier !== undefined) pick().weather.hangs = random() < 0.5 ? 0 : random() / 2;
    else if (dice < 0.1) pick().weather.delay = random() * 3_000;
    else if (dice < 0.12 && trouble === "sets clocks") time.skew += Math.round((random() - 0.5) * 20);
    else if (dice < 0.125 && trouble === "sets clocks") time.skew += random() < 0.5 ? 172_800 : -172_800;
    else if (dice < 0.13 && trouble !== "sets clocks") pass(random() * 10_000);
    else if (dice < 0.14) void verifier?.refresh();
    else if (dice < 0.142 && verifier !== undefined && !isClosed) {
      isClosed = true;
      void verifier.close();
    }
  };

  start();
  for (let i = 0; i < STEPS; i++) {
    await disturb();
    check();
    await time.step();
    check();
  }
  for (const { weather } of stores) Object.assign(weather, { reads: 0, acknowledgements: 0, hangs: 0, delay: 50 });
  for (let i = 0; i < CALM; i++) {
    await time.step();
    check();
  }
  expect(stores.flatMap(({ revoked }) => revoked).filter(({ isConfirmed }) => !isConfirmed)).toEqual([]);
  expect(verifier?.ready).toBe(!isClosed);
  for (const { valid } of stores) {
    for (const { token } of valid) expect(verifier !== undefined && accepts(verifier, token)).toBe(!isClosed);
  }
  const closing = verifier?.close();
  for (let i = 0; i < 60; i++) await time.step();
  await closing;
}

test.each<[string, Trouble]>([
  ["processes that stand still", "stops"],
  ["machines that are suspended", "suspends"],
  ["clocks that are set", "sets clocks"],
])(
  "accepts no token after its revocation was confirmed, with a bad network and %s, and recovers",
  async (_, trouble) => {
    vi.useFakeTimers({
      toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "setImmediate", "clearImmediate"],
    });
    onTestFinished(() => void vi.useRealTimers());
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.integer({ min: 1, max: 2 }), (seed, count) => simulate(seed, count, trouble)),
      { numRuns: RUNS },
    );
  },
  120_000,
);
