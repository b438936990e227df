import type { Key } from "../core/key.ts";
import type { Secret } from "../core/secret.ts";
import type { Version } from "../core/version.ts";
import { KeysError } from "../errors.ts";

/** A version on its way to whoever will hold its token. `key` and `version` are as they will be once all is done. */
export interface Issued {
  readonly key: Key;
  readonly version: Version;
  readonly token: Secret;
}

/**
 * Puts the token where it belongs and returns when it is there.
 * `DELIVERY_FAILED` says that it certainly reached nobody: the version is then revoked. After any other failure it stays
 * valid, since somebody may hold it.
 */
export type Deliver = (issued: Issued) => Promise<void>;

/**
 * Delivers, and tidies up when the token certainly reached nobody.
 * @param discard - revokes the version; its own failure is left to the next run, which starts afresh anyway
 */
export async function deliverOrDiscard(
  issued: Issued,
  deliver: Deliver,
  discard: () => Promise<unknown>,
): Promise<void> {
  try {
    await deliver(issued);
  } catch (error) {
    if (error instanceof KeysError && error.code === "DELIVERY_FAILED") await discard().catch(() => undefined);
    throw error;
  }
}

export function requireVersion(key: Key, n: number): Version {
  const version = key.versions.find((each) => each.n === n);
  if (version === undefined) throw new KeysError("BUG", `version ${String(n)} of ${key.name} is not there`);
  return version;
}
