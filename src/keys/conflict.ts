import type { Key } from "../core/key.ts";
import { overtaken, overtakenBy, type ConflictCause } from "../core/conflict.ts";
import type { KeysError } from "../errors.ts";
import type { Change, KeyStore } from "../stores/store.ts";
import type { OperationContext } from "./update.ts";

/**
 * Builds the `STORE_CONFLICT` of a run that came second: who promoted another version or ended this one, and when.
 * @param key - as it is now
 * @param staged - the key right after version `n` was staged
 * @param isDelivered - whether the destination may hold the token of version `n`
 */
export async function conflictOf(
  { store, now }: OperationContext,
  key: Key,
  n: number,
  { staged, isDelivered }: { staged: Key; isDelivered: boolean },
): Promise<KeysError> {
  const newer = overtakenBy(key, n, staged);
  // Without the history, the message still says what happened.
  const change = await findCause(store, key, (each) =>
    newer === undefined ? !isPending(each, n) : isPromoted(each, newer.n),
  ).catch(() => undefined);
  const cause: ConflictCause | undefined = change && { by: change.by, at: change.at, runId: newer?.runId };
  return overtaken(key, n, staged, now(), { isDelivered, cause });
}

/** Returns the first change after which the key meets a condition that it did not meet before. */
async function findCause(store: KeyStore, { id }: Key, meets: (key: Key) => boolean): Promise<Change | undefined> {
  let found: Change | undefined;
  let before = false;
  for await (const change of store.changes(0, { digests: false })) {
    const key = change.keys.find((each) => each.id === id);
    if (key === undefined) continue;
    const after = meets(key);
    if (after && !before) found = change;
    before = after;
  }
  return found;
}

function isPending({ versions }: Key, n: number): boolean {
  return versions.find((each) => each.n === n)?.state === "pending";
}

function isPromoted({ versions }: Key, n: number): boolean {
  return versions.some((each) => each.n === n && each.promotedAt !== undefined);
}
