import { KeysError } from "../errors.ts";
import type { Key, RevokeReason, Version } from "./key.ts";

/** The reasons a user can give. `undelivered` is set only by the program. */
export const REVOKE_REASONS = ["compromised", "superseded", "unused", "other"] as const satisfies RevokeReason[];

/**
 * Revokes one version or all of them, permanently.
 * @returns the changed key, or `null` if nothing changes
 * @throws {@link KeysError} `VERSION_NOT_FOUND`
 */
export function revokeVersions(key: Key, { n, reason }: { n?: number | undefined; reason: RevokeReason }): Key | null {
  if (n !== undefined && !key.versions.some((version) => version.n === n)) {
    throw new KeysError("VERSION_NOT_FOUND", `${key.name} has no version ${String(n)}`, {
      hint: `see its versions with: mcp-keys show ${key.name}`,
    });
  }
  const isAffected = (version: Version) => version.state !== "revoked" && (n === undefined || version.n === n);
  if (!key.versions.some(isAffected)) return null;
  return {
    ...key,
    versions: key.versions.map((version) => {
      if (!isAffected(version)) return version;
      const { retiresAt: _, ...rest } = version;
      return { ...rest, state: "revoked", reason };
    }),
  };
}

/** Enables or disables a key. Returns `null` if nothing changes. */
export function setEnabled(key: Key, enabled: boolean): Key | null {
  return key.enabled === enabled ? null : { ...key, enabled };
}
