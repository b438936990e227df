import { CODES, KeysError } from "../errors.ts";
import type { Keys } from "../keys/keys.ts";
import type { KeyStore } from "../stores/store.ts";
import type { Context } from "./context.ts";

/** The answer of the first store that had one. */
export interface Answer<T> {
  readonly value: T;
  /** The context with this store as the chosen one, for the commands in hints. */
  readonly ctx: Context;
  /** The store, if there are several. */
  readonly named: { readonly store?: string };
}

/**
 * Asks the chosen stores in their order, up to the first one that has an answer. A store that fails is left out if another one
 * answers, with a warning: a server does the same.
 * @param ask - returns `null` if the store knows nothing about the question
 * @returns `null` if no store has an answer
 * @throws the fault of the first store that failed, if no other one has an answer
 */
export async function askInOrder<T>(
  ctx: Context,
  ask: (store: KeyStore, keys: () => Promise<Keys>) => Promise<T | null>,
): Promise<Answer<T> | null> {
  const readers = ctx.readers();
  const faults: KeysError[] = [];
  for (const { spec, open } of readers) {
    try {
      const { store, keys } = await open();
      const value = await ask(store, keys);
      if (value === null) continue;
      for (const { message, code } of faults) ctx.io.warn(`an earlier store was not asked: ${message} (${code})`);
      if (readers.length === 1) return { value, ctx, named: {} };
      return { value, ctx: { ...ctx, flags: { ...ctx.flags, store: spec } }, named: { store: store.spec } };
    } catch (error) {
      if (readers.length === 1 || !(error instanceof KeysError) || CODES[error.code].http !== 503) throw error;
      faults.push(error);
    }
  }
  if (faults[0] !== undefined) throw faults[0];
  return null;
}
