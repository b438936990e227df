import type { Reason } from "../../core/judge.ts";

/** Counts of a verifier since its start. */
export interface Counters {
  accepted: number;
  refused: Record<Reason, number>;
  /** Requests without a verdict: the store had not answered for too long, or a pepper is missing. */
  unavailable: number;
  /** Reads of the store that failed. */
  faults: number;
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
  };
}
