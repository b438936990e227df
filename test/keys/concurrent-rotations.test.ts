import fc from "fast-check";
import { expect, test } from "vitest";
import { isUsable } from "../../src/core/judge.ts";
import type { Key, Version } from "../../src/core/key.ts";
import { isRevoked } from "../../src/core/status.ts";
import { KeysError } from "../../src/errors.ts";
import type { Deliver } from "../../src/keys/deliver.ts";
import { createKeys } from "../../src/keys/keys.ts";
import { openMemoryStore } from "../../src/stores/memory.ts";
import type { Draft, KeyStore } from "../../src/stores/store.ts";
import { RUNS } from "../arbitraries.ts";

const NOW = 1_800_000_000;
const DAY = 86_400;

/** One run of `rotate`, and how its delivery ends. */
const aRun = fc.record({
  overlap: fc.constantFrom(0, 60, DAY),
  ifOlderThan: fc.constantFrom(0, 30 * DAY),
  ends: fc.constantFrom("ok", "ok", "ok", "fails", "uncertain", "refused", "killed before", "killed after"),
});
type Run = typeof aRun extends fc.Arbitrary<infer R> ? R : never;

const anInterruption = fc.constantFrom("use", "finish", "abort", "revoke 1", "disable", "enable");
type Interruption = typeof anInterruption extends fc.Arbitrary<infer I> ? I : never;

/** Several runs that deliver to one destination, in an order that the scheduler chooses. */
class Race {
  /** The version whose token the destination holds. */
  destination = 1;
  /** Versions that somebody ended on purpose. */
  readonly ended = new Set<number>();
  /** To run again. */
  readonly failed: Run[] = [];
  readonly problems: string[] = [];
  key: Key | undefined;

  /** Notes each write, and checks that the token at the destination works afterwards. */
  watch(store: KeyStore): KeyStore {
    return {
      ...store,
      write: async (draft: Draft) => {
        const change = await store.write(draft);
        const before = this.key;
        this.key = change.keys[0];
        if (draft.op === "revoke" || (draft.op === "abort" && draft.detail === undefined)) {
          for (const { n } of before?.versions ?? []) if (!this.works(n)) this.ended.add(n);
        }
        this.check(`${draft.op} ${String(draft.version)}`);
        return change;
      },
    };
  }

  deliver(n: number): void {
    this.destination = n;
    this.check(`delivery of ${String(n)}`);
  }

  version(n: number): Version | undefined {
    return this.key?.versions.find((each) => each.n === n);
  }

  works(n: number): boolean {
    const version = this.version(n);
    return version !== undefined && isUsable(version, NOW);
  }

  check(after: string): void {
    if (this.ended.has(this.destination) || this.works(this.destination)) return;
    this.problems.push(`version ${String(this.destination)} does not work after ${after}`);
  }

  expectRefusal(error: unknown): void {
    if (!(error instanceof KeysError) || error.code === "USAGE") this.problems.push(String(error));
  }
}

function delivery(race: Race, { ends }: Run): Deliver {
  return async ({ version: { n } }) => {
    if (ends === "killed before") return new Promise(() => undefined);
    if (ends === "fails") throw new KeysError("DELIVERY_FAILED", "nothing arrived");
    race.deliver(n);
    if (ends === "killed after") return new Promise(() => undefined);
    if (ends === "uncertain") throw new KeysError("DELIVERY_UNCERTAIN", "perhaps");
  };
}

const prove = ({ ends }: Run) =>
  ends === "refused" ? Promise.reject(new KeysError("TOKEN_REFUSED", "refused")) : Promise.resolve();

test("rotations at the same time: the destination always holds a working token, and the same commands again finish", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.tuple(aRun, aRun),
      fc.array(anInterruption, { maxLength: 3 }),
      async (scheduler, runs, interruptions) => {
        const race = new Race();
        const store = race.watch(await openMemoryStore());
        const issuing = createKeys({ store, now: () => NOW - 40 * DAY, by: "ada@laptop" });
        await issuing.generate({ name: "ci", expiresAt: null });
        const slow: KeyStore = {
          ...store,
          get: scheduler.scheduleFunction(store.get),
          write: scheduler.scheduleFunction(store.write),
        };
        const [keys, racing] = [store, slow].map((each) =>
          createKeys({ store: each, now: () => NOW, by: "ada@laptop" }),
        );
        if (keys === undefined || racing === undefined) return;

        const rotate = async (run: Run): Promise<void> => {
          // Not scheduled itself: the delivery of a killed run never ends.
          const deliver: Deliver = async (issued) => {
            await scheduler.schedule(Promise.resolve());
            return delivery(race, run)(issued);
          };
          try {
            const { overlap, ifOlderThan } = run;
            await racing.rotate("ci", { overlap, ifOlderThan, deliver, prove: () => prove(run) });
            race.check("a run that ended with 0");
          } catch (error) {
            race.expectRefusal(error);
            race.failed.push(run);
          }
        };
        const interrupt = async (what: Interruption): Promise<void> => {
          try {
            if (what === "use") await store.touch([{ id: race.key?.id ?? "", n: race.destination, at: NOW }]);
            else if (what === "revoke 1") await racing.revoke("ci", { version: 1 });
            else await racing[what]("ci");
          } catch (error) {
            race.expectRefusal(error);
          }
        };
        for (const run of runs) {
          if (run.ends.startsWith("killed")) race.failed.push(run);
          void rotate(run);
        }
        const all = interruptions.map((what) => scheduler.schedule(Promise.resolve(what)).then(interrupt));
        void Promise.all(all);
        await scheduler.waitIdle();
        expect(race.problems).toEqual([]);

        if (race.key === undefined || isRevoked(race.key)) return;
        const deliver: Deliver = async ({ version: { n } }) => race.deliver(n);
        for (const { overlap, ifOlderThan } of race.failed) await keys.rotate("ci", { overlap, ifOlderThan, deliver });
        expect(race.problems).toEqual([]);
        if (!race.ended.has(race.destination)) expect(race.version(race.destination)?.state).toBe("current");
      },
    ),
    { numRuns: RUNS.some },
  );
});
