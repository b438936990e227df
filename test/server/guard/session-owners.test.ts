import fc from "fast-check";
import { expect, test } from "vitest";
import { SessionOwners } from "../../../src/server/guard/session-owners.ts";
import { Sessions } from "../../../src/server/guard/sessions.ts";
import { RUNS } from "../../arbitraries.ts";

const LIMIT = 12;
const KEYS = ["a", "b", "c"];
/** No key that keeps to its share loses a session. */
const SHARE = LIMIT / KEYS.length;

const does = fc.constantFrom("open", "claim", "end");
const idUpTo = (max: number) => fc.integer({ min: 1, max }).map((n) => `s${n}`);
/** A key with few sessions, and two that flood the memory and try to get into those of the first. */
const steps = fc.oneof(fc.record({ does, id: idUpTo(SHARE), key: fc.constant("a") }), {
  weight: 4,
  arbitrary: fc.record({ does, id: idUpTo(60), key: fc.constantFrom("b", "c") }),
});

type Kind = Map<string, string>;

test("never accepts another key for the session of a key that has kept to its share", () => {
  const property = fc.property(fc.array(steps, { maxLength: 200, size: "max" }), (history) => {
    const sessions = new Sessions(LIMIT);
    // What an unlimited memory would know.
    const opened: Kind = new Map();
    const used: Kind = new Map();
    /** Keys that had more than their share at any time, which may lose sessions. */
    const greedy = new Set<string>();
    const bind = (kind: Kind, id: string, key: string) => {
      kind.set(id, key);
      if ([...kind.values()].filter((owner) => owner === key).length > SHARE) greedy.add(key);
    };

    for (const { does, id, key } of history) {
      const owner = opened.get(id) ?? used.get(id);
      if (does === "claim") {
        const answer = sessions.claim(id, key);
        const expected = owner ?? key;
        // Whoever gets in is the owner, unless the owner was greedy.
        if (answer !== expected) expect(greedy).toContain(expected);
        if (owner === undefined || answer !== expected) {
          opened.delete(id);
          bind(used, id, answer);
        }
      } else if (does === "open") {
        const opener = opened.get(id);
        sessions.open(id, key);
        if (opener !== undefined && !greedy.has(opener)) continue;
        // If the memory forgot its opener, the session is now bound to `key`.
        if (opener !== undefined && sessions.claim(id, key) !== key) continue;
        used.delete(id);
        bind(opened, id, key);
      } else {
        sessions.end(id, key);
        if (opened.get(id) === key) opened.delete(id);
        if (used.get(id) === key) used.delete(id);
      }
    }
  });
  fc.assert(property, { numRuns: RUNS.some });
});

test("remembers no more than the limit, and at least the share of every key", () => {
  const additions = fc.array(fc.record({ id: fc.nat({ max: 200 }), key: fc.nat({ max: 5 }) }), { maxLength: 300 });
  const property = fc.property(additions, fc.integer({ min: 1, max: 20 }), (history, limit) => {
    const owners = new SessionOwners(limit);
    const added = new Map<string, string[]>();
    for (const { id, key } of history) {
      if (owners.get(`s${id}`) !== undefined) continue;
      owners.add(`s${id}`, `k${key}`);
      added.set(`k${key}`, [...(added.get(`k${key}`) ?? []), `s${id}`]);
    }
    const known = [...added.values()].flat().filter((id, i, all) => all.indexOf(id) === i);
    expect(known.filter((id) => owners.get(id) !== undefined).length).toBeLessThanOrEqual(limit);
    for (const [key, sessions] of added) {
      if (sessions.length <= Math.floor(limit / added.size)) {
        expect(sessions.map((id) => owners.get(id))).toEqual(sessions.map(() => key));
      }
    }
  });
  fc.assert(property, { numRuns: RUNS.some });
});

test("gives the share of a key without sessions to the others", () => {
  const owners = new SessionOwners(4);
  for (const id of ["1", "2"]) owners.add(id, "gone");
  for (const id of ["1", "2", "never"]) owners.delete(id);
  for (const id of ["3", "4", "5", "6"]) owners.add(id, "only");
  // A key without sessions takes no share.
  expect(["3", "4", "5", "6"].map((id) => owners.get(id))).toEqual(["only", "only", "only", "only"]);
});
