import fc from "fast-check";
import { expect, test } from "vitest";
import { publishNewest } from "../../src/cli/rotation/publish-newest.ts";
import { digestToken } from "../../src/core/digest.ts";
import { isUsable } from "../../src/core/judge.ts";
import type { Key } from "../../src/core/key.ts";
import { keysOf, toKeyset } from "../../src/core/keyset/keyset.ts";
import { parseKeyset } from "../../src/core/keyset/parse-keyset.ts";
import type { Secret } from "../../src/core/secret.ts";
import { KeysError } from "../../src/errors.ts";
import { createKeys } from "../../src/keys/keys.ts";
import type { RotateOptions } from "../../src/keys/rotate.ts";
import { openMemoryStore } from "../../src/stores/memory.ts";
import type { KeyStore } from "../../src/stores/store.ts";
import { RUNS } from "../arbitraries.ts";

const NOW = 1_800_000_000;
const DAY = 86_400;

/** How a run of `rotate` goes: where it is killed, and which step fails. */
const aRun = fc.record({
  overlap: fc.constantFrom(0, DAY),
  /** The point at which the process is killed: before or after any access to the store and any step. */
  killedAt: fc.option(fc.nat(40), { freq: 2 }),
  fails: fc.constantFrom(
    ...["none", "none", "publish before", "publish after", "second publish", "prove early"],
    ...["deliver before", "deliver after", "deploy", "prove"],
  ),
  verify: fc.boolean(),
  more: fc.constantFrom({}, { ifOlderThan: 30 * DAY }, { runId: "one" }, { runId: "two" }),
});
type Run = typeof aRun extends fc.Arbitrary<infer R> ? R : never;

/** A server that follows the store, one that reads a keyset, and a client that uses the token delivered last. */
class World {
  readonly store: KeyStore;
  key: Key | undefined;
  /** What the keyset server knows. It rejects an older keyset than it has. */
  published: { seq: number; keys: readonly Key[] } = { seq: -1, keys: [] };
  /** The position of the keyset in the file: the last one that was written. */
  file = -1;
  /** The version whose token the client has. */
  client = 1;
  readonly problems: string[] = [];

  constructor(store: KeyStore) {
    this.store = {
      ...store,
      write: async (draft) => {
        const change = await store.write(draft);
        this.key = change.keys[0];
        this.check(`${draft.op} ${String(draft.version)}`);
        return change;
      },
    };
  }

  publish(text: string): void {
    const keyset = parseKeyset(text, { source: "the model", publicKeys: null });
    this.file = keyset.seq;
    if (keyset.seq >= this.published.seq) this.published = { seq: keyset.seq, keys: keysOf(keyset) };
    this.check("a publication");
  }

  deliver(n: number): void {
    this.client = n;
    this.check(`the delivery of ${String(n)}`);
  }

  /** The servers that refuse a version. */
  refusing(n: number): string[] {
    const servers = { store: this.key, keyset: this.published.keys[0] };
    return Object.entries(servers).flatMap(([name, key]) => {
      const version = key?.versions.find((each) => each.n === n);
      return version !== undefined && isUsable(version, NOW) ? [] : [name];
    });
  }

  check(after: string): void {
    for (const server of this.refusing(this.client))
      this.problems.push(`the ${server} server refuses version ${String(this.client)} after ${after}`);
  }
}

/** Runs `rotate`, stopping at each point where other runs may go on. A killed run never ends. */
function rotate(world: World, run: Run, stop: () => Promise<void>): Promise<unknown> {
  let points = 0;
  const point = async (): Promise<void> => {
    await stop();
    if (points++ === run.killedAt) await new Promise(() => undefined);
  };
  const around =
    <T extends unknown[], R>(act: (...given: T) => R | Promise<R>) =>
    async (...given: T): Promise<R> => {
      await point();
      const result = await act(...given);
      await point();
      return result;
    };
  const failIf = (
    step: string,
    code: "PUBLISH_FAILED" | "DELIVERY_FAILED" | "DELIVERY_UNCERTAIN" | "DEPLOY_FAILED" | "TOKEN_REFUSED",
  ) => {
    if (run.fails === step) throw new KeysError(code, step);
  };
  const store: KeyStore = {
    ...world.store,
    get: around(world.store.get),
    write: around(world.store.write),
    snapshot: around(world.store.snapshot),
  };
  let publications = 0;
  const publishOnce = async (): Promise<number> => {
    const { seq, epoch, keys } = await store.snapshot();
    if (publications++ === 0) failIf("publish before", "PUBLISH_FAILED");
    else failIf("second publish", "PUBLISH_FAILED");
    world.publish(JSON.stringify(toKeyset(keys, { store: store.spec, seq, epoch, now: NOW, names: true })));
    failIf("publish after", "PUBLISH_FAILED");
    return seq;
  };
  /** Each server must accept the token of this run. */
  const prove = (step: string) => (token: Secret) => {
    failIf(step, "TOKEN_REFUSED");
    const digest = digestToken(token.reveal());
    const n = world.key?.versions.find((version) => version.digest === digest)?.n ?? 0;
    if (world.refusing(n).length > 0) throw new KeysError("TOKEN_REFUSED", "a server refuses the new token");
  };
  const options: RotateOptions = {
    ...run.more,
    overlap: run.overlap,
    publish: around(async () => {
      await publishNewest(store, publishOnce);
    }),
    ...(run.verify && { proveEarly: around(prove("prove early")), prove: around(prove("prove")) }),
    deliver: around(({ version: { n } }) => {
      failIf("deliver before", "DELIVERY_FAILED");
      world.deliver(n);
      failIf("deliver after", "DELIVERY_UNCERTAIN");
    }),
    deploy: around(() => failIf("deploy", "DEPLOY_FAILED")),
  };
  return createKeys({ store, now: () => NOW, by: "ada@laptop" }).rotate("ci", options);
}

/** Creates the key that all runs rotate, 40 days ago. Its token is with the client and its keyset with the server. */
async function createWorld(): Promise<World> {
  const world = new World(await openMemoryStore());
  world.client = 0;
  await createKeys({ store: world.store, now: () => NOW - 40 * DAY, by: "ada@laptop" }).generate({
    name: "ci",
    expiresAt: null,
  });
  world.client = 1;
  const { seq, keys } = await world.store.snapshot();
  world.published = { seq, keys };
  world.problems.length = 0;
  return world;
}

test("two rotations, interleaved and killed anywhere: each server accepts the client's token, and the same commands again finish", async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.tuple(aRun, aRun), async (scheduler, runs) => {
      const world = await createWorld();
      const open = new Set(runs);
      for (const run of runs) {
        rotate(world, run, () => scheduler.schedule(Promise.resolve())).then(
          () => open.delete(run),
          (error: unknown) => {
            if (!(error instanceof KeysError) || error.code === "BUG" || error.code === "USAGE")
              world.problems.push(String(error));
          },
        );
      }
      await scheduler.waitIdle();
      expect(world.problems).toEqual([]);

      for (const run of open) await rotate(world, { ...run, killedAt: null, fails: "none" }, async () => undefined);
      expect(world.problems).toEqual([]);
      const { seq, keys } = await world.store.snapshot();
      expect(keys[0]?.versions.filter(({ state }) => state === "pending")).toEqual([]);
      expect({ server: world.published.seq, file: world.file }).toEqual({ server: seq, file: seq });
      expect(keys[0]?.versions.find(({ n }) => n === world.client)?.state).toBe("current");
    }),
    { numRuns: RUNS.some },
  );
});
