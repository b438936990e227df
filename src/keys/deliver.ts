import type { Key, Version } from "../core/key.ts";
import type { Position } from "../core/position.ts";
import type { Secret } from "../core/secret.ts";
import { KeysError } from "../errors.ts";

/**
 * A new version and its token. `key` and `version` are in the state they have after the delivery.
 * @example
 * ```ts
 * import { createKeys, openStore, type Issued } from "mcp-keys";
 *
 * const keys = createKeys({ store: await openStore() });
 * const { key, version, token }: Issued = await keys.generate({ name: "ci", expiresAt: null });
 * console.log(key.id, version.n, token.reveal());
 * ```
 */
export interface Issued {
  readonly key: Key;
  readonly version: Version;
  readonly token: Secret;
  /** A server that has applied this position of the store accepts the token. */
  readonly position: Position;
}

/**
 * Delivers a new token and resolves when it has arrived. If it rejects with a `KeysError` `DELIVERY_FAILED` or `OUTPUT_FAILED`, the
 * token certainly did not arrive and its version is revoked. After any other error the version stays valid, because the token may
 * have arrived.
 * @example
 * ```ts
 * import { writeFile } from "node:fs/promises";
 * import { KeysError, type Deliver } from "mcp-keys";
 *
 * const deliver: Deliver = async ({ token }) => {
 *   await writeFile("/run/secrets/mcp", token.reveal(), { mode: 0o600 }).catch((cause: unknown) => {
 *     throw new KeysError("DELIVERY_UNCERTAIN", "cannot write /run/secrets/mcp", { cause });
 *   });
 * };
 * ```
 */
export type Deliver = (issued: Issued) => Promise<void>;

/** Returns version `n` of a key together with its token. */
export function issuedAs(key: Key, n: number, { token, position }: Pick<Issued, "token" | "position">): Issued {
  return { key, version: requireVersion(key, n), token, position };
}

/** Returns version `n` of a key, which must exist. */
export function requireVersion(key: Key, n: number): Version {
  const version = key.versions.find((each) => each.n === n);
  if (version === undefined) throw new KeysError("BUG", `${key.name} has no version ${String(n)}`);
  return version;
}
