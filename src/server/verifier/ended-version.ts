import { isUsable } from "../../core/judge.ts";
import type { Epoch, Key, KeyId, KeyName, Version } from "../../core/key.ts";

/**
 * A version that has stopped being valid, for {@link Verifier.onRevoked}.
 * @example
 * ```ts
 * import type { EndedVersion } from "mcp-keys";
 *
 * const connectionOf = ({ id, n }: EndedVersion): string => `${id} ${n}`;
 * ```
 */
export interface EndedVersion {
  /** The id of the key. */
  readonly id: KeyId;
  /** The name of the key. */
  readonly name: KeyName;
  /** The number of the version. */
  readonly n: number;
  /**
   * `revoked`, also for a key that is no longer in the store; `expired`, also at the end of an overlap; `disabled`; or `updated`: its
   * token is still valid, but the key lost a scope or a server.
   */
  readonly reason: "revoked" | "expired" | "disabled" | "updated";
}

/** Returns the versions of a key that worked at `now` before a change, and no longer or for less after it. */
export function endedVersions(before: Key, after: Key | null, now: Epoch): EndedVersion[] {
  if (!before.enabled) return [];
  const { id, name } = after ?? before;
  return before.versions
    .filter((version) => isUsable(version, now))
    .flatMap((version) => {
      const reason = endReason(before, version, after, now);
      return reason === null ? [] : [{ id, name, n: version.n, reason }];
    });
}

function endReason(before: Key, old: Version, after: Key | null, now: Epoch): EndedVersion["reason"] | null {
  const version = after?.versions.find(({ n }) => n === old.n);
  // A history that was restored from a backup may give the number to another token.
  if (after === null || version === undefined || version.state === "revoked" || version.digest !== old.digest) {
    return "revoked";
  }
  if (!isUsable(version, now)) return "expired";
  if (!after.enabled) return "disabled";
  return isNarrower(before, after) ? "updated" : null;
}

/** Returns whether a key lost a scope or a server. No audience means any server. */
function isNarrower(before: Key, after: Key): boolean {
  if (before.scopes.some((scope) => !after.scopes.includes(scope))) return true;
  if (after.audience.length === 0) return false;
  return before.audience.length === 0 || before.audience.some((url) => !after.audience.includes(url));
}
