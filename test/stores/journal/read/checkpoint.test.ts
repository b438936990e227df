import { hash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { KeysError } from "../../../../src/errors.ts";
import { Chain } from "../../../../src/stores/journal/format/chain.ts";
import type { ChainState } from "../../../../src/stores/journal/format/chain-state.ts";
import { LazyKeys } from "../../../../src/stores/journal/read/lazy-keys.ts";
import { formatCheckpoint, parseCheckpoint } from "../../../../src/stores/journal/read/checkpoint.ts";
import { formatRecord, GENESIS } from "../../../../src/stores/journal/format/record.ts";
import { keyNo, TORTURE } from "../../place.ts";
import { aStep, interleave, journalOf, recordOf } from "../bytes.ts";

/** Returns the result of a reader that starts at the first byte or from a state. */
function outcome(bytes: Buffer, from: ChainState | null) {
  const chain = new Chain("keys.jsonl", from);
  const keys = new LazyKeys({ path: "keys.jsonl", uid: null, ownsFolder: false }, chain.voids, 0, true);
  const past = new Chain("keys.jsonl");
  try {
    if (from !== null) keys.restore(bytes.subarray(0, from.size), 0);
    keys.verify(chain, bytes.subarray(chain.offset));
    if (chain.needsEarlierHeads) {
      past.verify(bytes.subarray(0, from!.size), () => true);
      chain.addEarlierHeads(past.heads);
      keys.verify(chain, bytes.subarray(chain.offset));
    }
    chain.checkEnd(bytes.length - chain.offset);
  } catch (cause) {
    // Only the line number: a record that runs into the next one is reported differently when both are read in one pass.
    if (cause instanceof KeysError) return `${cause.code} ${cause.message.replace(/: .*/, "")}`;
    throw cause;
  }
  const { seq, head, offset, next, voids, state } = chain;
  return { seq, head, offset, next, voids: [...voids].sort((a, b) => a - b), state, keys: keys.list() };
}

/** Returns the state after each record that applies. */
function statesOf(bytes: Buffer): ChainState[] {
  const states: ChainState[] = [];
  const chain = new Chain("keys.jsonl");
  for (let tab = bytes.indexOf(9); tab !== -1; tab = bytes.indexOf(9, tab + 1)) {
    try {
      chain.verify(bytes.subarray(chain.offset, tab + 1), () => true);
    } catch {
      return states;
    }
    if (chain.state !== null && chain.state.size !== states.at(-1)?.size) states.push(chain.state);
  }
  return states;
}

/** Two compact records with a key each. */
function compacted() {
  let prev = "a".repeat(64);
  const lines = [8, 9].map((seq) => {
    const change = { seq, at: 1, by: "x", op: "compact" as const, keys: [{ ...keyNo(900 + seq), revision: 1 }] };
    const { bytes, sum } = formatRecord(seq === 8 ? { change, until: 9, nonce: "n" } : { change }, prev);
    prev = sum;
    return bytes;
  });
  return { bytes: Buffer.concat(lines), seq: 9, head: prev };
}

const starts = { new: { bytes: Buffer.alloc(0), seq: 0, head: GENESIS }, compacted: compacted() };

test.each(["new", "compacted"] as const)(
  "a reader that starts after any record of a %s journal gets the same result as a full read, damaged or not",
  (kind) => {
    const start = starts[kind];
    const seen = { damaged: 0, whole: 0 };
    const part = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
    const run = fc.property(fc.array(aStep, { minLength: 10, maxLength: 25 }), part, fc.nat(7), (steps, where, bit) => {
      const { file } = interleave(steps, start.bytes, start);
      for (const state of statesOf(file)) {
        const at = state.size + Math.floor((file.length - state.size) * where);
        const altered = Buffer.from(file);
        if (at < file.length) altered[at] = altered[at]! ^ (1 << bit);
        for (const bytes of [file, file.subarray(0, at), altered]) {
          const went = outcome(bytes, state);
          expect(went).toEqual(outcome(bytes, null));
          seen[typeof went === "string" ? "damaged" : "whole"]++;
        }
      }
    });
    fc.assert(run, { numRuns: TORTURE ? 5_000 : 60 });
    expect(Math.min(seen.damaged, seen.whole), JSON.stringify(seen)).toBeGreaterThan(20);
  },
);

test("a line that follows an earlier record is void if that record exists, and damaged if not", () => {
  const { bytes, sums } = journalOf(4);
  const state = statesOf(bytes)[2]!;
  expect(state).toMatchObject({ seq: 3, head: sums[3] });
  const late = (prev: string) => Buffer.concat([bytes, recordOf(9, 2, prev).bytes, recordOf(8, 5, sums[4]!).bytes]);
  expect(outcome(late(sums[1]!), state)).toMatchObject({ seq: 5, voids: [bytes.length + 1] });
  expect(outcome(late(sums[2]!), state)).toContain("line 6 of keys.jsonl");
});

test("there is no state after a torn line, a seal, NUL bytes or a record without its tab", () => {
  const { bytes, sums } = journalOf(2);
  const change = { seq: 3, at: 1, by: "x", op: "compact" as const, keys: [] };
  const seal = formatRecord({ change, next: "f".repeat(64) }, sums[2]!).bytes;
  const stateAfter = (end: Buffer) => {
    const chain = new Chain("keys.jsonl");
    chain.verify(Buffer.concat([bytes, end]), () => true);
    return chain.state;
  };
  expect(stateAfter(Buffer.alloc(0))).toMatchObject({ seq: 2, lines: 3 });
  for (const end of [Buffer.from("\n{\n"), seal, Buffer.alloc(9), recordOf(3, 3, sums[2]!).bytes.subarray(0, -1)]) {
    expect(stateAfter(end)).toBeNull();
  }
  expect(new Chain("keys.jsonl").state).toBeNull();
});

const [state] = statesOf(Buffer.concat([journalOf(1).bytes, Buffer.from("\n{\n")]));
const checkpoint = { ...state!, key: "0".repeat(32), tag: "a".repeat(32), index: Buffer.alloc(0) };

test("reads back a checkpoint", () => {
  expect(parseCheckpoint(formatCheckpoint(checkpoint))).toEqual(checkpoint);
  const index = Buffer.from("0123456789abcdef");
  expect(parseCheckpoint(formatCheckpoint({ ...checkpoint, index }))).toEqual({ ...checkpoint, index });
  expect(parseCheckpoint(formatCheckpoint({ ...checkpoint, index: index.subarray(1) }))).toBeNull();
});

test("rejects a checkpoint that was cut short or altered", () => {
  const bytes = formatCheckpoint(checkpoint);
  for (let at = 0; at < bytes.length; at++) {
    expect(parseCheckpoint(bytes.subarray(0, at)), `${at} bytes`).toBeNull();
    const altered = Buffer.from(bytes);
    altered[at] = altered[at]! ^ 1;
    expect(parseCheckpoint(altered), `byte ${at}`).toBeNull();
  }
});

test.each([
  { v: 1 },
  { v: 3 },
  { size: -1 },
  { size: "1" },
  { seq: 0 },
  { base: 1 },
  { base: -1 },
  { until: null },
  { lines: 1.5 },
  { head: "x".repeat(64) },
  { head: ["a".repeat(64)] },
  { key: undefined },
  { key: "x".repeat(32) },
  { tag: undefined },
  { tag: "a".repeat(64) },
  { voids: null },
  { voids: [-1] },
  { voids: ["1"] },
])("rejects a checkpoint with %o", (change) => {
  const { index: _, ...members } = checkpoint;
  const body = JSON.stringify({ v: 2, ...members, ...change }).slice(0, -1);
  expect(parseCheckpoint(Buffer.from(`${body},"sum":"${hash("sha256", body)}"}\n`))).toBeNull();
});
