import type { Secret } from "../core/secret.ts";

/** A key that a check made for itself in the store of the server. */
export interface LabKey {
  readonly token: Secret;
  disable(): Promise<void>;
  enable(): Promise<void>;
  revoke(): Promise<void>;
  /** Adds a version; both work from then on. */
  rotate(): Promise<Secret>;
}

/**
 * Makes keys in the store that the server under test uses, and revokes every one of them at the end, however the run ends.
 * @throws `KeysError` of the store
 */
export interface Lab {
  /** @param lifetime - Seconds until it expires; for ever when left out. */
  mint(purpose: string, lifetime?: number): Promise<LabKey>;
}
