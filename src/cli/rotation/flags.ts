import type { DestinationFlags } from "../destinations.ts";
import type { ProofFlags } from "../token-proof.ts";
import type { DeployFlags } from "./deploy.ts";
import type { WaitFlags } from "../wait.ts";
import type { PublishFlags } from "./publish.ts";

/** The flags of `rotate`. Durations are in seconds. */
export interface RotateFlags extends DestinationFlags, ProofFlags, PublishFlags, DeployFlags, WaitFlags {
  readonly overlap: number;
  readonly expires?: string;
  readonly ifOlderThan?: number;
  readonly runId?: string;
  readonly finish?: boolean;
  readonly abort?: boolean;
  readonly window: number;
  readonly status?: boolean;
  readonly all?: boolean;
  readonly tag?: [name: string, value: string][];
}
