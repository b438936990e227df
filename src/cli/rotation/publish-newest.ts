import type { KeyStore } from "../../stores/store.ts";

/** How often a keyset that has become outdated meanwhile is published again. */
const ROUNDS = 5;

/**
 * Publishes what a store contains, and publishes it again if the store has changed meanwhile. Another run may have published a newer
 * keyset first; the last one to publish sees the newer change and does it again.
 * @param publish - publishes once; returns the `seq` of the last change that it included
 * @returns false if the store changed each time: a command may change it itself
 */
export async function publishNewest(store: KeyStore, publish: () => Promise<number>): Promise<boolean> {
  for (let round = 1; round <= ROUNDS; round++) {
    if (!(await hasChanges(store, await publish()))) return true;
  }
  return false;
}

async function hasChanges(store: KeyStore, since: number): Promise<boolean> {
  const { done } = await store.changes(since, { digests: false })[Symbol.asyncIterator]().next();
  return done !== true;
}
