import type { Epoch, Key } from "../core/key.ts";
import { KeysError } from "../errors.ts";
import type { Draft, KeyStore, ReadOptions } from "../stores/store.ts";

/** How often a change is decided again when others write the same key at the same time. */
const ATTEMPTS = 10;

/** To decide about a key and to write it, its digests are not needed. */
export const NO_DIGESTS: ReadOptions = { digests: false };

/**
 * The result of an operation that changes a key.
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
  readonly key: Key;
  /** False when the key was already as wanted, and nothing was written. */
  readonly changed: boolean;
}

/** What the operations on one store share. */
export interface OperationContext {
  readonly store: KeyStore;
  readonly now: () => Epoch;
  readonly by: string;
}

/** @throws {@link KeysError} `KEY_NOT_FOUND` */
export async function requireKey(store: KeyStore, ref: string, options?: ReadOptions): Promise<Key> {
  const key = await store.get(ref, options);
  // A token pasted in place of a name must not come back in an error.
  if (key === null) {
    throw new KeysError(
      "KEY_NOT_FOUND",
      ref.length > 64 ? "there is no such key" : `there is no key ${JSON.stringify(ref)}`,
    );
  }
  return key;
}

type Described = Pick<Draft, "op" | "version" | "detail">;

/**
 * Reads a key, decides, and writes; where somebody else wrote in between, reads and decides again.
 * @param draft - how the history tells of it; made of the key as it is to be where that depends on it
 * @param decide - pure; gives the key as it is to be, or `null` for no change
 * @throws {@link KeysError} `KEY_NOT_FOUND`, `STORE_CONFLICT` after ten attempts, and what `decide` throws
 */
export async function updateKey(
  context: OperationContext,
  ref: string,
  draft: Described | ((wanted: Key) => Described),
  decide: (key: Key) => Key | null,
): Promise<Updated> {
  for (let attempt = 1; ; attempt++) {
    const key = await requireKey(context.store, ref, NO_DIGESTS);
    const wanted = decide(key);
    if (wanted === null) return { key, changed: false };
    try {
      const described = typeof draft === "function" ? draft(wanted) : draft;
      const { keys } = await context.store.write({ ...described, at: context.now(), by: context.by, keys: [wanted] });
      return { key: withUses(keys[0] ?? wanted, key), changed: true };
    } catch (error) {
      if (!(error instanceof KeysError) || error.code !== "STORE_CONFLICT" || attempt === ATTEMPTS) throw error;
    }
  }
}

/** Last-used times are no part of a change; they are those that were read with the key. */
function withUses(written: Key, read: Key): Key {
  return {
    ...written,
    versions: written.versions.map((version) => ({
      ...version,
      lastUsedAt: read.versions.find(({ n }) => n === version.n)?.lastUsedAt ?? null,
    })),
  };
}
