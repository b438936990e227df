import type { Reason } from "../../core/judge.ts";
import type { Epoch } from "../../core/key.ts";
import type { Code } from "../../errors.ts";

/**
 * Why the guard ended an open stream. `expired`: also at the end of an overlap. `updated`: the key lost a scope or this server.
 * `unavailable`: the store had not answered for too long, so the key may have been revoked.
 */
export type StreamEnd = "revoked" | "disabled" | "expired" | "updated" | "unavailable";

/** Counts of a verifier since its start. */
export interface Counters {
  accepted: number;
  refused: Record<Reason, number>;
  /** Requests without a verdict: the store had not answered for too long, or a pepper is missing. */
  unavailable: number;
  /** Reads of the store that failed. */
  faults: number;
  /** The codes of `unavailable` and `faults`, as far as they occurred. */
  unavailableByCode: Partial<Record<Code, number>>;
  faultsByCode: Partial<Record<Code, number>>;
  /** Streams that were open when their key stopped being valid. */
  streamsClosed: Record<StreamEnd, number>;
  /** The time of the last accepted token; `null` before the first. */
  lastAcceptedAt: Epoch | null;
}

export function createCounters(): Counters {
  return {
    accepted: 0,
    refused: {
      missing: 0,
      malformed: 0,
      mistyped: 0,
      unknown: 0,
      expired: 0,
      revoked: 0,
      disabled: 0,
      "wrong-audience": 0,
      "insufficient-scope": 0,
    },
    unavailable: 0,
    faults: 0,
    unavailableByCode: {},
    faultsByCode: {},
    streamsClosed: { revoked: 0, disabled: 0, expired: 0, updated: 0, unavailable: 0 },
    lastAcceptedAt: null,
  };
}

/** Counts one more of a code. */
export function countCode(counts: Partial<Record<Code, number>>, code: Code): void {
  counts[code] = (counts[code] ?? 0) + 1;
}

/** Returns a code in the spelling of reasons: `store-unavailable`. */
export function nameOf(code: Code): string {
  return code.toLowerCase().replaceAll("_", "-");
}
