import type { Epoch, Key } from "./key.ts";
import type { Version } from "./version.ts";

/**
 * Why a presented token is refused. For logs; a client learns only what RFC 6750 lets it have.
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

/**
 * The answer to a presented token. A refusal names the key where the token belongs to one.
 * @example
 * ```ts
 * import type { Verdict } from "mcp-keys";
 *
 * const describe = (verdict: Verdict): string => (verdict.ok ? verdict.key.name : `refused: ${verdict.reason}`);
 * ```
 */
export type Verdict =
  | { readonly ok: true; readonly key: Key; readonly version: Version }
  | { readonly ok: false; readonly reason: Reason; readonly key?: Key; readonly version?: Version };

/**
 * What a request asks of the key.
 * @example
 * ```ts
 * import type { Demand } from "mcp-keys";
 *
 * const demand: Demand = { now: Math.floor(Date.now() / 1000), scopes: ["deploy"] };
 * ```
 */
export interface Demand {
  readonly now: Epoch;
  /** All of them must have been given to the key. */
  readonly scopes?: readonly string[];
  /**
   * The URL of this server: a key bound to others is refused. `null` is a server that was not told its URL, which refuses
   * every bound key, since it cannot know that it is meant. Left out, the audience is not judged.
   */
  readonly audience?: string | null;
}

/**
 * Judges a version whose digest has already matched. The state of the version comes first, then the key, the audience and
 * the scopes, so that a revoked key is never told which scope it lacks.
 */
export function judge(key: Key, version: Version, demand: Demand): Verdict {
  const reason = refusal(key, version, demand);
  return reason === null ? { ok: true, key, version } : { ok: false, reason, key, version };
}

function refusal(key: Key, version: Version, { now, scopes, audience }: Demand): Reason | null {
  if (version.state === "revoked") return "revoked";
  // A token whose overlap has ended has expired for its client: what it must do is fetch the newer one.
  if (version.state === "retired") return "expired";
  if (version.state === "retiring" && now >= (version.retiresAt ?? 0)) return "expired";
  if (version.expiresAt !== null && now >= version.expiresAt) return "expired";
  if (!key.enabled) return "disabled";
  if (audience !== undefined && !isMeant(key, audience)) return "wrong-audience";
  if (scopes?.some((scope) => !key.scopes.includes(scope)) === true) return "insufficient-scope";
  return null;
}

function isMeant(key: Key, audience: string | null): boolean {
  return key.audience.length === 0 || (audience !== null && key.audience.includes(audience));
}
