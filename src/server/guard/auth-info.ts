import { LAST_SECOND } from "../../core/duration.ts";
import type { Key } from "../../core/key.ts";
import { endOf } from "../../core/status.ts";
import type { Version } from "../../core/version.ts";

/**
 * Who made a request, in the shape of the MCP SDKs' `AuthInfo`: tools find it as `extra.authInfo` (v1) and
 * `ctx.http.authInfo` (v2).
 * @example
 * ```ts
 * import type { AuthInfo } from "mcp-keys";
 *
 * const describe = ({ clientId, scopes, extra }: AuthInfo): string => `${extra.keyName} (${clientId}): ${scopes.join(" ")}`;
 * ```
 */
export interface AuthInfo {
  /**
   * Not the token: `[key <id>]`. Tools and logs print this object, and a token passed on to another server is what MCP
   * forbids; the brackets make sure that it cannot be sent as one.
   */
  token: string;
  /** The key's id: the same before and after a rotation. */
  clientId: string;
  scopes: string[];
  /** Seconds since 1970; the year 9999 for never. */
  expiresAt: number;
  extra: { keyId: string; keyName: string; version: number };
}

/** A fresh object with each call: what a tool does to its scopes must not reach the key. */
export function createAuthInfo(key: Key, version: Version): AuthInfo {
  return {
    token: `[key ${key.id}]`,
    clientId: key.id,
    scopes: [...key.scopes],
    // For never too: the MCP SDKs take an `expiresAt` that is missing for expired.
    expiresAt: Math.min(endOf(version), LAST_SECOND),
    extra: { keyId: key.id, keyName: key.name, version: version.n },
  };
}
