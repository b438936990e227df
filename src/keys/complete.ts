import type { Key, Version } from "../core/key.ts";
import { overtakenBy } from "../core/conflict.ts";
import { discardVersion, keepVersion, promoteVersion } from "../core/rotate.ts";
import { endRun } from "../core/run-id.ts";
import type { Position } from "../core/position.ts";
import type { Secret } from "../core/secret.ts";
import { conflictOf } from "./conflict.ts";
import { issuedAs, requireVersion, type Deliver, type Issued } from "./deliver.ts";
import { afterDelivery, afterPromotion, beforeDelivery, isUndelivered, withPublishing } from "./step-errors.ts";
import { NO_DIGESTS, requireKey, updateKey, type Description, type OperationContext, type Updated } from "./update.ts";

/** The steps from a staged version to a current one, in this order. */
export interface Completion {
  /** Tells servers without a store which tokens are valid. Called again after every further change of this version. */
  readonly publish?: (() => Promise<void>) | undefined;
  /** Waits until servers have applied a position of the store. If it throws before the delivery, the version is revoked. */
  readonly wait?: ((position: Position) => Promise<void>) | undefined;
  /** Tries the token before anyone has it. If it throws, the version is revoked. */
  readonly proveEarly?: ((token: Secret) => Promise<void>) | undefined;
  readonly deliver: Deliver;
  /** Makes a service use the delivered token. If it throws, the version stays pending. */
  readonly deploy?: (() => Promise<void>) | undefined;
  /** Tries the token on a server. If it throws, the version stays pending. */
  readonly prove?: ((token: Secret) => Promise<void>) | undefined;
  /** Seconds for which the older versions keep working after the promotion. */
  readonly overlap: number;
}

/**
 * Takes a staged version through the other steps: the last part of `generate` and `rotate`.
 * @param staged - as written, with its `version` pending
 * @returns the promoted version
 * @throws {@link KeysError} `STORE_CONFLICT` if another version was promoted since this one was staged, or this one was ended; the
 * errors of the steps and of the store
 */
export async function completeVersion(context: OperationContext, staged: Issued, steps: Completion): Promise<Issued> {
  const { id, name } = staged.key;
  const { n } = staged.version;
  const { publish, wait, proveEarly, deliver, deploy, prove, overlap } = steps;
  const promote = (key: Key) => promoteVersion(key, n, { overlap, now: context.now(), staged: staged.key });
  const canPromote = (key: Key) =>
    requireVersion(key, n).state === "pending" && overtakenBy(key, n, staged.key) === undefined;
  const discard = () =>
    updateKey(context, id, { op: "abort", version: n, detail: "undelivered" }, (key) =>
      discardVersion(key, n, proveEarly !== undefined),
    );
  /** The version goes on, and its run has ended. */
  const leave = (key: Key): Key | null => {
    const kept = keepVersion(key, n, context.now());
    return endRun(kept ?? key, n) ?? kept;
  };
  const keep = () => updateKey(context, id, { op: "stage", version: n, detail: "unfinished" }, leave);
  /** Notes in the store what becomes of the version of a failed run, and tells the servers. Returns the error of the run. */
  const settle = async (error: unknown, note: () => Promise<Updated>): Promise<unknown> => {
    // If this write fails too, the next run settles the version.
    const noted = await note().catch(() => null);
    if (noted?.changed !== true || publish === undefined) return error;
    return publish().then(
      () => error,
      (second: unknown) => withPublishing(error, second),
    );
  };

  let before: Key;
  try {
    await publish?.();
    await wait?.(staged.position);
    await proveEarly?.(staged.token);
    // A run that was suspended must not replace a newer token at the destination.
    before = await requireKey(context.store, id, NO_DIGESTS);
  } catch (error) {
    throw await settle(beforeDelivery(error, n > 1), discard);
  }
  if (!canPromote(before)) {
    throw await settle(await conflictOf(context, before, n, { staged: staged.key, isDelivered: false }), discard);
  }
  let isDelivered = false;
  try {
    await deliver(issuedAs(promote(staged.key), n, staged));
    isDelivered = true;
    await deploy?.();
    await prove?.(staged.token);
  } catch (error) {
    throw await settle(error, !isDelivered && isUndelivered(error) ? discard : keep);
  }
  const { key, position } = await updateKey(
    context,
    id,
    (wanted) => describeEnd(requireVersion(wanted, n)),
    (each) => (canPromote(each) ? promote(each) : leave(each)),
  ).catch((error: unknown) => {
    throw afterDelivery(error, name);
  });
  const isCurrent = requireVersion(key, n).state === "current";
  const conflict = isCurrent ? null : await conflictOf(context, key, n, { staged: staged.key, isDelivered: true });
  await publish?.().catch((error: unknown) => {
    throw conflict === null ? afterPromotion(error, name, n) : withPublishing(conflict, error);
  });
  if (conflict !== null) throw conflict;
  return issuedAs(key, n, { token: staged.token, position });
}

function describeEnd({ n, state }: Version): Description {
  return state === "current" ? { op: "promote", version: n } : { op: "stage", version: n, detail: "unfinished" };
}
