import type { Untestable } from "../check-result.ts";
import type { PresentedKey } from "../mcp/presented-key.ts";
import type { Figures } from "../report/figures.ts";
import type { Attempt } from "../verify/attempt.ts";
import type { LabKey } from "./lab.ts";

/** A key that was created in the server's store for this run. */
export interface Canary {
  readonly key: LabKey;
  /** Presents its newest token. */
  readonly presented: PresentedKey;
  /** Presents the token before that one, which is still valid. */
  readonly former?: PresentedKey;
}

/** Result of waiting until the server accepts or refuses a key. */
export interface WaitResult {
  /** Seconds until it did, rounded up to tenths; `null` if it did not in time. */
  readonly seconds: number | null;
  /** The last attempt. */
  readonly last: Attempt;
}

/** A canary that was disabled, and how the server reacted. */
export interface DisabledCanary {
  readonly canary: Canary;
  readonly waited: WaitResult;
}

/** A canary that was revoked, and how the server reacted. */
export interface RevokedCanary {
  readonly canary: Canary;
  readonly waited: WaitResult;
  /**
   * Seconds that a stream stayed open after its key was revoked, rounded up to tenths; `null` if it was still open when the time was up,
   * absent if the server opened none.
   */
  readonly streamSeconds?: number | null;
}

/**
 * The canaries of a run. Checks share them, because revoked keys stay in a store for ever. A check takes the canary that the server
 * accepts, and gives it back if the server still accepts it afterwards.
 */
export interface Canaries {
  /** Creates the first canary and waits until the server accepts it; once per run. */
  acceptFirst(): Promise<WaitResult>;
  /** Takes a canary that the server accepts. Untestable if it did not accept the first one. */
  take(): Promise<Canary | Untestable>;
  /** Returns a canary that the server still accepts. */
  giveBack(canary: Canary): void;
  /** Disables a canary and waits until the server refuses it; once per run. */
  disable(): Promise<DisabledCanary | Untestable>;
  /** Opens a stream with a canary, revokes it and waits until the server refuses it and ends the stream; once per run. */
  revoke(): Promise<RevokedCanary | Untestable>;
  /** What the run has measured so far. */
  figures(): Promise<Figures>;
  /** Creates a canary that expires after `lifetime` seconds. Do not give it back. */
  mintExpiring(lifetime: number): Promise<Canary>;
  /** Presents a token of a canary. */
  toPresentedKey(token: LabKey["token"]): PresentedKey;
}
