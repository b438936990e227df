import type { Epoch, Key } from "../core/key.ts";
import { containsToken } from "../core/find-token.ts";
import type { Position } from "../core/position.ts";
import { suggest } from "../core/suggest.ts";
import { CODES, KeysError } from "../errors.ts";
import type { Draft, KeyStore, ReadOptions } from "../stores/store.ts";

/** Attempts to write a key that others write at the same time. */
const ATTEMPTS = 10;

/** Reads a key without its digests, which a change does not need. */
export const NO_DIGESTS: ReadOptions = { digests: false };

/**
 * The result of an operation on one key.
 * @example
 * ```ts
 * import { createKeys, openStore, type Updated } from "mcp-keys";
 *
 * const keys = createKeys({ store: await openStore() });
 * const { key, changed }: Updated = await keys.disable("ci");
 * console.log(changed ? `disabled ${key.name}` : `${key.name} was already disabled`);
 * ```
 */
export interface Updated {
  /** The key after the operation. */
  readonly key: Key;
  /** False if the key was already in this state and nothing was written. */
  readonly changed: boolean;
  /** The store has this change, and all before it, at this position. A verifier that has applied it knows about the change. */
  readonly position: Position;
}

/** The dependencies of every operation. */
export interface OperationContext {
  readonly store: KeyStore;
  readonly now: () => Epoch;
  readonly by: string;
}

/**
 * Reads a key.
 * @throws {@link KeysError} `KEY_NOT_FOUND`
 */
export async function requireKey(store: KeyStore, ref: string, options?: ReadOptions): Promise<Key> {
  const key = await store.get(ref, options);
  // A long `ref` may be a token pasted by mistake, and an error must not repeat it.
  if (key === null) {
    const names = (await store.list(NO_DIGESTS)).map(({ name }) => name);
    throw new KeysError(
      "KEY_NOT_FOUND",
      ref.length > 64 || containsToken(ref) ? "there is no such key" : `there is no key ${JSON.stringify(ref)}`,
      { hint: `${suggest(ref, names)}${CODES.KEY_NOT_FOUND.hint}` },
    );
  }
  return key;
}

/** The part of a draft that describes the change. */
export type Description = Pick<Draft, "op" | "version" | "detail">;

/**
 * Reads a key, decides on a change and writes it. If another process wrote in between, reads and decides again.
 * @param draft - the entry in the history, or a function that makes it from the changed key
 * @param decide - pure; returns the changed key, or `null` for no change
 * @throws {@link KeysError} `KEY_NOT_FOUND`, `STORE_CONFLICT` after ten attempts, and the errors of `decide`
 */
export async function updateKey(
  context: OperationContext,
  ref: string,
  draft: Description | ((wanted: Key) => Description),
  decide: (key: Key) => Key | null,
): Promise<Updated> {
  let wantedRef = ref;
  for (let attempt = 1; ; attempt++) {
    const key = await requireKey(context.store, wantedRef, NO_DIGESTS);
    // Another process may give the name to another key before the next attempt.
    wantedRef = key.id;
    const wanted = decide(key);
    if (wanted === null) return { key, changed: false, position: await context.store.position() };
    try {
      const description = typeof draft === "function" ? draft(wanted) : draft;
      const change = { ...description, at: context.now(), by: context.by, keys: [wanted] };
      const { keys, epoch, seq } = await context.store.write(change);
      return { key: withUses(keys[0] ?? wanted, key), changed: true, position: { epoch, seq } };
    } catch (error) {
      if (!(error instanceof KeysError) || error.code !== "STORE_CONFLICT" || attempt === ATTEMPTS) throw error;
    }
  }
}

/** Copies the last-used times from the key that was read, because a written key has none. */
function withUses(written: Key, read: Key): Key {
  return {
    ...written,
    versions: written.versions.map((version) => ({
      ...version,
      lastUsedAt: read.versions.find(({ n }) => n === version.n)?.lastUsedAt ?? null,
    })),
  };
}
