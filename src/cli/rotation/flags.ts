import type { DestinationFlags } from "../destinations.ts";
import type { ProofFlags } from "../token-proof.ts";

/** The flags of `rotate`. Durations are in seconds. */
export interface RotateFlags extends DestinationFlags, ProofFlags {
  readonly overlap: number;
  readonly expires?: string;
  readonly ifOlderThan?: number;
  readonly finish?: boolean;
  readonly abort?: boolean;
  readonly window: number;
}
