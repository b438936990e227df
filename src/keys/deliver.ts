import type { Key, Version } from "../core/key.ts";
import { discardVersion, keepVersion, overtaken, overtakenBy, promoteVersion } from "../core/rotate.ts";
import type { Secret } from "../core/secret.ts";
import { KeysError } from "../errors.ts";
import { NO_DIGESTS, requireKey, updateKey, type Description, type OperationContext } from "./update.ts";

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

/** How to deliver and promote a staged version. */
export interface Completion {
  /** Seconds for which the older versions keep working. */
  readonly overlap: number;
  readonly deliver: Deliver;
  /** Tries the token on a server. If it throws, the version stays pending. */
  readonly prove?: ((token: Secret) => Promise<void>) | undefined;
}

/**
 * Delivers, proves and promotes a staged version: the last steps of `generate` and `rotate`.
 * @param staged - as written, with its `version` pending
 * @returns the promoted version
 * @throws {@link KeysError} `STORE_CONFLICT` if another version was promoted since this one was staged, or this one was ended; the
 * errors of `deliver`, `prove` and the store
 */
export async function completeVersion(
  context: OperationContext,
  staged: Issued,
  { overlap, deliver, prove }: Completion,
): Promise<Issued> {
  const { id } = staged.key;
  const { n } = staged.version;
  const promote = (key: Key) => promoteVersion(key, n, { overlap, now: context.now(), staged: staged.key });
  const discard = () =>
    updateKey(context, id, { op: "abort", version: n, detail: "undelivered" }, (key) => discardVersion(key, n));
  const keep = () =>
    updateKey(context, id, { op: "stage", version: n, detail: "overtaken" }, (key) =>
      keepVersion(key, n, context.now()),
    );
  // A run that was suspended must not replace a newer token at the destination.
  const before = await requireKey(context.store, id, NO_DIGESTS);
  if (requireVersion(before, n).state !== "pending" || overtakenBy(before, n, staged.key) !== undefined) {
    await discard().catch(() => undefined);
    throw overtaken(before, n, staged.key, context.now(), false);
  }
  try {
    await deliver(issuedAs(promote(staged.key), n, staged.token));
    await prove?.(staged.token);
  } catch (error) {
    // If this write fails too, the next run settles the version.
    await (isUndelivered(error) ? discard() : keep()).catch(() => undefined);
    throw error;
  }
  const { key } = await updateKey(
    context,
    id,
    (wanted) => describeEnd(requireVersion(wanted, n)),
    (each) => (overtakenBy(each, n, staged.key) === undefined ? promote(each) : keepVersion(each, n, context.now())),
  ).catch((error: unknown) => {
    throw afterDelivery(error, staged.key.name);
  });
  if (requireVersion(key, n).state !== "current") throw overtaken(key, n, staged.key, context.now());
  return issuedAs(key, n, staged.token);
}

function describeEnd({ n, state }: Version): Description {
  return state === "current" ? { op: "promote", version: n } : { op: "stage", version: n, detail: "overtaken" };
}

function isUndelivered(error: unknown): boolean {
  return error instanceof KeysError && (error.code === "DELIVERY_FAILED" || error.code === "OUTPUT_FAILED");
}

/** Says that the token works, although the store failed after its delivery: servers accept a pending version too. */
function afterDelivery(error: unknown, name: string): unknown {
  if (!(error instanceof KeysError) || error.code !== "STORE_UNAVAILABLE") return error;
  return new KeysError(error.code, `the token was delivered and works, but is not current yet: ${error.message}`, {
    cause: error,
    hint: `${error.hint}; then replace it with: mcp-keys rotate ${name}`,
  });
}

/** Returns version `n` of a key together with its token. */
export function issuedAs(key: Key, n: number, token: Secret): Issued {
  return { key, version: requireVersion(key, n), token };
}

/** Returns version `n` of a key, which must exist. */
export function requireVersion(key: Key, n: number): Version {
  const version = key.versions.find((each) => each.n === n);
  if (version === undefined) throw new KeysError("BUG", `${key.name} has no version ${String(n)}`);
  return version;
}
