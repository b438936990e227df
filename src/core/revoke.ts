import { KeysError } from "../errors.ts";
import { NAME_LENGTH } from "./generate.ts";
import type { Key, RevokeReason, Version } from "./key.ts";
import { isRevoked } from "./status.ts";

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

/** @throws {@link KeysError} `KEY_NOT_ACTIVE` if the key was revoked permanently */
export function requireNotRevoked(key: Key): void {
  if (!isRevoked(key)) return;
  throw new KeysError("KEY_NOT_ACTIVE", `${key.name} was revoked permanently`, {
    hint: `issue a new key with this name: mcp-keys generate ${key.name} --replace`,
  });
}

/**
 * Frees the name of a revoked key for another key. The old key is called `<name>.<id>` from then on.
 * @param attempt - from 2 on, the number is added to the new name: `<name>.<id>.2`. For a name that another key has.
 * @returns the changed key, or `null` if its name is free already
 * @throws {@link KeysError} `USAGE` if the key is not revoked
 */
export function releaseName(key: Key, attempt = 1): Key | null {
  if (!isRevoked(key)) {
    throw new KeysError("USAGE", `the name of ${key.name} is in use, because it is not revoked`, {
      hint: `revoke it as a whole: mcp-keys revoke ${key.name} --release-name`,
    });
  }
  const suffix = `.${key.id}`;
  if (key.name.replace(/\.\d+$/, "").endsWith(suffix) || key.name.endsWith(suffix)) return null;
  const ending = attempt === 1 ? suffix : `${suffix}.${String(attempt)}`;
  return { ...key, name: `${key.name.slice(0, NAME_LENGTH - ending.length)}${ending}` };
}

/**
 * Enables or disables a key. Returns `null` if nothing changes: servers refuse a revoked key anyway.
 * @throws {@link KeysError} `KEY_NOT_ACTIVE` for enabling a revoked key
 */
export function setEnabled(key: Key, enabled: boolean): Key | null {
  if (enabled) requireNotRevoked(key);
  return key.enabled === enabled || isRevoked(key) ? null : { ...key, enabled };
}
