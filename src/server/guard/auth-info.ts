import { LAST_SECOND } from "../../core/duration.ts";
import { endOf } from "../../core/judge.ts";
import type { Key, Version } from "../../core/key.ts";

/**
 * Identifies the caller of a request, in the shape of the MCP SDKs' `AuthInfo`. Tools find it as `extra.authInfo` (SDK v1)
 * or `ctx.http.authInfo` (SDK v2).
 * @example
 * ```ts
 * import type { AuthInfo } from "mcp-keys";
 *
 * const describe = ({ clientId, scopes, extra }: AuthInfo): string => `${extra.keyName} (${clientId}): ${scopes.join(" ")}`;
 * ```
 */
export interface AuthInfo {
  /**
   * `[key <id>]`, never the token: tools and logs print this object, and MCP forbids passing a token on. The brackets make it
   * useless as a token.
   */
  token: string;
  /** The key's id. A rotation does not change it. */
  clientId: string;
  scopes: string[];
  /** Seconds since 1970. The end of the year 9999 for keys that never expire. */
  expiresAt: number;
  extra: { keyId: string; keyName: string; version: number };
}

/** Creates a new object on each call: a tool that changes it must not change the key. */
export function createAuthInfo(key: Key, version: Version): AuthInfo {
  return {
    token: `[key ${key.id}]`,
    clientId: key.id,
    scopes: [...key.scopes],
    // Always set: the MCP SDKs treat a missing `expiresAt` as expired.
    expiresAt: Math.min(endOf(version), LAST_SECOND),
    extra: { keyId: key.id, keyName: key.name, version: version.n },
  };
}
