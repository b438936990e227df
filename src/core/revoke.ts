import { KeysError } from "../errors.ts";
import type { Key, RevokeReason, Version } from "./key.ts";

/** What a person may give as a reason. `undelivered` is the program's own. */
export const REVOKE_REASONS = ["compromised", "superseded", "unused", "other"] as const satisfies RevokeReason[];

/**
 * Revokes one version, or all of them; at once and for good.
 * @returns the key, or `null` when it was revoked already
 * @throws {@link KeysError} `VERSION_NOT_FOUND`
 */
export function revokeVersions(key: Key, { n, reason }: { n?: number | undefined; reason: RevokeReason }): Key | null {
  if (n !== undefined && !key.versions.some((version) => version.n === n)) {
    throw new KeysError("VERSION_NOT_FOUND", `${key.name} has no version ${String(n)}`, {
      hint: `see its versions with: mcp-keys show ${key.name}`,
    });
  }
  const isMeant = (version: Version) => version.state !== "revoked" && (n === undefined || version.n === n);
  if (!key.versions.some(isMeant)) return null;
  return {
    ...key,
    versions: key.versions.map((version) => {
      if (!isMeant(version)) return version;
      const { retiresAt: _, ...rest } = version;
      return { ...rest, state: "revoked", reason };
    }),
  };
}

/** Disables or enables a key; `null` when it is so already. */
export function setEnabled(key: Key, enabled: boolean): Key | null {
  return key.enabled === enabled ? null : { ...key, enabled };
}
