import type { Epoch, Key, Version } from "./key.ts";

/**
 * Why a token is refused. For the server's log; the client gets only what RFC 6750 allows.
 * @example
 * ```ts
 * import type { Reason } from "mcp-keys";
 *
 * const statusOf = (reason: Reason): number => (reason === "insufficient-scope" ? 403 : 401);
 * ```
 */
export type Reason =
  | "missing"
  | "malformed"
  | "mistyped"
  | "unknown"
  | "expired"
  | "revoked"
  | "disabled"
  | "wrong-audience"
  | "insufficient-scope";

/** A refusal. It names the key and the version if the token belongs to one. */
export interface RefusedVerdict {
  readonly ok: false;
  readonly reason: Reason;
  readonly key?: Key;
  readonly version?: Version;
}

/**
 * The result of judging a token.
 * @example
 * ```ts
 * import type { Verdict } from "mcp-keys";
 *
 * const describe = (verdict: Verdict): string => (verdict.ok ? verdict.key.name : `refused: ${verdict.reason}`);
 * ```
 */
export type Verdict = { readonly ok: true; readonly key: Key; readonly version: Version } | RefusedVerdict;

/**
 * The conditions a key must meet for one request.
 * @example
 * ```ts
 * import type { Demand } from "mcp-keys";
 *
 * const demand: Demand = { now: Math.floor(Date.now() / 1000), scopes: ["deploy"] };
 * ```
 */
export interface Demand {
  readonly now: Epoch;
  /** Scopes the key must have, all of them. */
  readonly scopes?: readonly string[];
  /**
   * The URL of this server; keys for other servers are refused. `null` if the server does not know its URL: it then refuses
   * every key that has an audience. Leave it out to skip the check.
   */
  readonly audience?: string | null;
}

/**
 * Judges a version whose digest matched the token. Checks the version first, then the key, the audience and the scopes, so
 * a revoked key does not learn which scope it lacks.
 */
export function judge(key: Key, version: Version, demand: Demand): Verdict {
  const reason = refusalReason(key, version, demand);
  return reason === null ? { ok: true, key, version } : { ok: false, reason, key, version };
}

/** The part of a version that decides how long it works. */
export type Lifetime = Pick<Version, "state" | "expiresAt"> & { readonly retiresAt?: Epoch | undefined };

/** Returns whether a version works at `now`, no matter whether its key is disabled. */
export function isUsable(version: Lifetime, now: Epoch): boolean {
  return versionReason(version, now) === null;
}

/** Returns when a usable version stops working: epoch seconds, or `Infinity` for never. */
export function endOf(version: Lifetime): number {
  return Math.min(version.expiresAt ?? Infinity, version.retiresAt ?? Infinity);
}

function refusalReason(key: Key, version: Version, { now, scopes, audience }: Demand): Reason | null {
  const reason = versionReason(version, now);
  if (reason !== null) return reason;
  if (!key.enabled) return "disabled";
  if (audience !== undefined && !isForAudience(key, audience)) return "wrong-audience";
  if (scopes?.some((scope) => !key.scopes.includes(scope)) === true) return "insufficient-scope";
  return null;
}

function versionReason(version: Lifetime, now: Epoch): "revoked" | "expired" | null {
  if (version.state === "revoked") return "revoked";
  // For the client, a token whose overlap ended has expired: it must fetch the newer one.
  if (version.state === "retired") return "expired";
  if (version.state === "retiring" && now >= (version.retiresAt ?? 0)) return "expired";
  return version.expiresAt !== null && now >= version.expiresAt ? "expired" : null;
}

function isForAudience(key: Key, audience: string | null): boolean {
  return key.audience.length === 0 || (audience !== null && key.audience.includes(audience));
}
