import type { Key } from "../core/key.ts";
import { discardVersion, promoteVersion } from "../core/rotate.ts";
import type { Secret } from "../core/secret.ts";
import type { Version } from "../core/version.ts";
import { KeysError } from "../errors.ts";
import { updateKey, type OperationContext } from "./update.ts";

/**
 * A version on its way to whoever will hold its token. `key` and `version` are as they will be once all is done.
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
}

/**
 * Puts the token where it belongs and returns when it is there.
 * `DELIVERY_FAILED` says that it certainly reached nobody: the version is then revoked. After any other failure it stays
 * valid, since somebody may hold it.
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

/** How a staged version is brought to its holder and put in force. */
export interface Completion {
  /** Seconds the versions before it go on working. */
  readonly overlap: number;
  readonly deliver: Deliver;
  /** Throws to leave the version pending. */
  readonly prove?: ((token: Secret) => Promise<void>) | undefined;
}

/**
 * Deliver, prove, promote: the steps of `generate` and `rotate` once a version is staged.
 * @param staged - as written, its `version` pending
 * @returns the version as it was promoted
 * @throws {@link KeysError} what `deliver`, `prove` and the store throw
 */
export async function completeVersion(
  context: OperationContext,
  staged: Issued,
  completion: Completion,
): Promise<Issued> {
  const { overlap, deliver, prove } = completion;
  const { id } = staged.key;
  const { n } = staged.version;
  const promote = (key: Key) => promoteVersion(key, n, { overlap, now: context.now() });
  await deliverOrDiscard(issuedAs(promote(staged.key), n, staged.token), deliver, () =>
    updateKey(context, id, { op: "abort", version: n, detail: "undelivered" }, (key) => discardVersion(key, n)),
  );
  await prove?.(staged.token);
  const { key } = await updateKey(context, id, { op: "promote", version: n }, promote);
  return issuedAs(key, n, staged.token);
}

/**
 * Delivers, and tidies up when the token certainly reached nobody.
 * @param discard - revokes the version; its own failure is left to the next run, which starts afresh anyway
 */
async function deliverOrDiscard(issued: Issued, deliver: Deliver, discard: () => Promise<unknown>): Promise<void> {
  try {
    await deliver(issued);
  } catch (error) {
    if (error instanceof KeysError && error.code === "DELIVERY_FAILED") await discard().catch(() => undefined);
    throw error;
  }
}

export function issuedAs(key: Key, n: number, token: Secret): Issued {
  return { key, version: requireVersion(key, n), token };
}

export function requireVersion(key: Key, n: number): Version {
  const version = key.versions.find((each) => each.n === n);
  if (version === undefined) throw new KeysError("BUG", `version ${String(n)} of ${key.name} is not there`);
  return version;
}
