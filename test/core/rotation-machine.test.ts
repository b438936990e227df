import fc from "fast-check";
import { expect, test } from "vitest";
import { digestToken } from "../../src/core/digest.ts";
import { isUsable } from "../../src/core/judge.ts";
import type { Key, Version } from "../../src/core/key.ts";
import { revokeVersions, setEnabled } from "../../src/core/revoke.ts";
import { abortRotation, discardVersion, finishRotation, promoteVersion, stageVersion } from "../../src/core/rotate.ts";
import { KeysError } from "../../src/errors.ts";
import { RUNS } from "../arbitraries.ts";
import { aKey, aVersion } from "../fakes.ts";

/**
 * Rotations that are interrupted at any point, mixed with all other operations on a key. The model also records what the clients
 * know: the tokens they received and how long each must work.
 */
class Model {
  now = 1_000;
  key: Key = aKey({ versions: [aVersion({ createdAt: 1_000, promotedAt: 1_000 })] });
  /** Versions whose token reached a client, with the time until which they must work. */
  readonly promised = new Map<number, number>([[1, Infinity]]);

  /** Runs a step of the real code. A `KeysError` is a valid result and changes nothing. */
  step(change: (key: Key) => Key | null): boolean {
    try {
      const after = change(this.key);
      if (after !== null) this.key = { ...after, revision: this.key.revision + 1 };
      return after !== null;
    } catch (error) {
      if (!(error instanceof KeysError)) throw error;
      return false;
    }
  }

  rotate({ overlap, lifetime, crash }: { overlap: number; lifetime: number | null; crash: string }): void {
    let n = 0;
    const expiresAt = lifetime === null ? null : this.now + lifetime;
    const isStaged = this.step((key) => {
      const plan = stageVersion(key, {
        digest: digestToken(`${String(this.now)}/${String(key.versions.length)}`),
        expiresAt,
        now: this.now,
      });
      n = plan.n;
      return plan.key;
    });
    if (!isStaged || crash === "before delivery") return;
    if (crash === "delivery fails") return void this.step((key) => discardVersion(key, n));
    this.promised.set(n, expiresAt ?? Infinity);
    if (crash === "after delivery") return;
    const staged = this.key;
    const done = this.step((key) => promoteVersion(key, n, { overlap, now: this.now, staged }));
    if (!done) return;
    for (const [older, until] of this.promised) {
      if (older < n) this.promised.set(older, Math.min(until, this.now + overlap));
    }
  }

  /** Ends versions deliberately: they need not work any more. */
  onPurpose(change: (key: Key) => Key | null): void {
    const before = this.key;
    if (!this.step(change)) return;
    for (const version of before.versions) {
      const after = this.version(version.n);
      if (after === undefined || !isUsable(after, this.now)) this.promised.delete(version.n);
    }
  }

  /** Going back to a version removes the end that the rotation set. */
  abort(force: boolean): void {
    this.onPurpose((key) => abortRotation(key, { now: this.now, window: 10, force }));
    const current = this.key.versions.findLast(({ state }) => state === "current");
    if (current !== undefined && this.promised.has(current.n))
      this.promised.set(current.n, current.expiresAt ?? Infinity);
  }

  use(n: number): void {
    const version = this.version(n);
    if (version === undefined || !isUsable(version, this.now) || !this.promised.has(n)) return;
    const versions = this.key.versions.map((each) => (each.n === n ? { ...each, lastUsedAt: this.now } : each));
    this.key = { ...this.key, versions };
  }

  version(n: number): Version | undefined {
    return this.key.versions.find((each) => each.n === n);
  }
}

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("rotate" as const),
      overlap: fc.constantFrom(0, 5, 50),
      lifetime: fc.constantFrom(null, null, 8, 80),
      crash: fc.constantFrom("none", "none", "before delivery", "delivery fails", "after delivery"),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("wait" as const), seconds: fc.integer({ min: 1, max: 30 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("use" as const), n: fc.integer({ min: 1, max: 12 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom("finish" as const, "abort" as const), force: fc.boolean() }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("revoke" as const),
      n: fc.option(fc.integer({ min: 1, max: 12 }), { nil: undefined }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("disable" as const, "enable" as const) }) },
);

type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

function apply(model: Model, action: Step): void {
  switch (action.do) {
    case "rotate":
      return model.rotate(action);
    case "wait":
      model.now += action.seconds;
      return;
    case "use":
      return model.use(action.n);
    case "finish":
      return model.onPurpose((key) => finishRotation(key, { now: model.now, window: 10, force: action.force }));
    case "abort":
      return model.abort(action.force);
    case "revoke":
      return model.onPurpose((key) => revokeVersions(key, { n: action.n, reason: "other" }));
    case "disable":
    case "enable":
      return model.onPurpose((key) => setEnabled(key, action.do === "enable"));
  }
}

test("every delivered token works as long as it must, even if a rotation is interrupted at any step", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (actions) => {
      const model = new Model();
      for (const action of actions) {
        apply(model, action);
        for (const [n, until] of model.promised) {
          const version = model.version(n);
          if (model.now < until)
            expect(version !== undefined && isUsable(version, model.now), `version ${String(n)}`).toBe(true);
        }
        expect(model.key.versions.map(({ n }) => n)).toEqual(model.key.versions.map((_, i) => i + 1));
        expect(model.key.versions.filter(({ state }) => state === "current").length).toBeLessThanOrEqual(1);
      }
    }),
    { numRuns: RUNS.rotations },
  );
});

test("some delivered version always works until it is revoked or the newest one expires", () => {
  const harmless = step.filter((action) => action.do !== "revoke" && action.do !== "disable");
  fc.assert(
    fc.property(fc.array(harmless, { maxLength: 30 }), (actions) => {
      const model = new Model();
      for (const action of actions) {
        apply(model, action);
        const works = [...model.promised.keys()].some((n) => {
          const version = model.version(n);
          return version !== undefined && isUsable(version, model.now);
        });
        const newest = model.key.versions.findLast(({ state }) => state === "current");
        const hasExpired = newest !== undefined && newest.expiresAt !== null && newest.expiresAt <= model.now;
        expect(works || hasExpired).toBe(true);
      }
    }),
    { numRuns: RUNS.rotations },
  );
});
