import type { RevokeReason } from "../core/key.ts";
import { releaseName, revokeVersions } from "../core/revoke.ts";
import { KeysError } from "../errors.ts";
import { updateKey, type OperationContext, type Updated } from "./update.ts";

/**
 * Options of {@link Keys.revoke}.
 * @example
 * ```ts
 * import { createKeys, openStore, type RevokeOptions } from "mcp-keys";
 *
 * const options: RevokeOptions = { reason: "compromised", releaseName: true };
 * await createKeys({ store: await openStore() }).revoke("ci", options);
 * ```
 */
export interface RevokeOptions {
  /** Revokes only this version. Default: all versions. */
  readonly version?: number;
  /** Default: `other`. */
  readonly reason?: RevokeReason;
  /** Frees the name for another key. The revoked key is called `<name>.<id>` from then on, or `<name>.<id>.2` if that is taken. */
  readonly releaseName?: boolean;
}

/**
 * Revokes a key or one of its versions.
 * @throws {@link KeysError} `KEY_NOT_FOUND`, `VERSION_NOT_FOUND`, `USAGE` for `version` with `releaseName`, and the errors of the store
 */
export async function revokeKey(context: OperationContext, ref: string, options: RevokeOptions): Promise<Updated> {
  const { version, reason = "other", releaseName: isReleased = false } = options;
  if (isReleased && version !== undefined) {
    throw new KeysError("USAGE", "the name of a key is in use while one of its versions works", {
      hint: "revoke the whole key, without a version",
    });
  }
  const about = version !== undefined && { version };
  const detail = isReleased ? `${reason}, name released` : reason;
  // Another key may have the new name of the revoked key. That must not stop a revocation. A store has finitely many names.
  for (let attempt = 1; ; attempt++) {
    try {
      return await updateKey(context, ref, { op: "revoke", ...about, detail }, (key) => {
        const revoked = revokeVersions(key, { n: version, reason });
        return isReleased ? (releaseName(revoked ?? key, attempt) ?? revoked) : revoked;
      });
    } catch (error) {
      if (!isReleased || !(error instanceof KeysError) || error.code !== "NAME_TAKEN") throw error;
    }
  }
}
