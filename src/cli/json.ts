import { formatTime } from "../core/duration.ts";
import type { Epoch, Key, Version } from "../core/key.ts";
import { keyStatus, lastUsedAt, stateAt } from "../core/status.ts";

/** Returns a key as `--json` shows it: the library's member names, RFC 3339 times, no digests. */
export function keyJson(key: Key, now: Epoch): Record<string, unknown> {
  const createdAt = formatTime(key.createdAt);
  return {
    id: key.id,
    name: key.name,
    prefix: key.prefix,
    status: keyStatus(key, now),
    scopes: key.scopes,
    audience: key.audience,
    ...(key.owner !== undefined && { owner: key.owner }),
    ...(key.note !== undefined && { note: key.note }),
    tags: key.tags,
    createdAt,
    createdBy: key.createdBy,
    lastUsedAt: timeJson(lastUsedAt(key)),
    enabled: key.enabled,
    versions: key.versions.map((version) =>
      // The first version was created with the key, and to write a time takes longer than the rest of a version.
      versionJson(version, now, version.createdAt === key.createdAt ? createdAt : undefined),
    ),
  };
}

/**
 * Returns a version as `--json` shows it, in the state it has at `now`.
 * @param createdAt - its time of creation as text
 */
export function versionJson(
  version: Version,
  now: Epoch,
  createdAt = formatTime(version.createdAt),
): Record<string, unknown> {
  return {
    n: version.n,
    state: stateAt(version, now),
    createdAt,
    expiresAt: timeJson(version.expiresAt),
    ...(version.retiresAt !== undefined && { retiresAt: formatTime(version.retiresAt) }),
    lastUsedAt: timeJson(version.lastUsedAt),
    ...(version.runId !== undefined && { runId: version.runId }),
    ...(version.reason !== undefined && { reason: version.reason }),
    ...(version.weak === true && { weak: true }),
  };
}

/** Returns a time as `--json` shows it; `null` and `Infinity` are never. */
export function timeJson(at: number | null): string | null {
  return at === null || at === Infinity ? null : formatTime(at);
}
