import { pepperIdOf, type Digest } from "../core/digest.ts";
import { planKey, type KeyInput } from "../core/generate.ts";
import type { Key, KeyId, Version } from "../core/key.ts";
import { opaqueIdFrom, OPAQUE_PREFIX } from "../core/opaque.ts";
import { KeysError } from "../errors.ts";
import { nameTakenBy, tokenTaken } from "./import.ts";
import type { Mint } from "./mint.ts";
import type { OperationContext } from "./update.ts";

/**
 * A key for {@link Keys.importDigests}: the digest of a token that another system issued, and the settings of the key.
 * @example
 * ```ts
 * import { createHash } from "node:crypto";
 * import type { DigestInput } from "mcp-keys";
 *
 * const sha256 = createHash("sha256").update("a token of another system").digest("hex");
 * const input: DigestInput = { name: "billing", digest: `sha256:${sha256}`, expiresAt: null, scopes: ["invoices:read"] };
 * ```
 */
export type DigestInput = Omit<KeyInput, "prefix"> & {
  /** The digest of the whole token, as `digestToken` computes it. */
  readonly digest: Digest;
  /** Whether the key is accepted. Default: `true`. */
  readonly enabled?: boolean;
  /** The place of the entry, for errors, such as `line 3`. Default: `entry <n>`. */
  readonly source?: string;
};

/**
 * Imports keys by the digests of their tokens, all of them or none, in one change.
 * @throws {@link KeysError} with the place of the first faulty entry: `USAGE`, `TOKEN_MISPLACED`, `NAME_TAKEN`, `TOKEN_TAKEN`,
 *   `KEY_NOT_ACTIVE`; and the errors of the store
 */
export async function importDigests(
  { store, now, by }: OperationContext,
  mint: Mint,
  inputs: readonly DigestInput[],
): Promise<Key[]> {
  if (inputs.length === 0)
    throw new KeysError("USAGE", "there is nothing to import", { hint: "give at least one key" });
  const names = new Map<string, Key>();
  const ids = new Map<KeyId, Key>();
  const owners = new Map<string, { key: Key; version: Version }>();
  const add = (key: Key): void => {
    names.set(key.name, key);
    ids.set(key.id, key);
    for (const version of key.versions) owners.set(version.digest, { key, version });
  };
  for (const key of await store.list()) add(key);
  const at = now();
  const keys = inputs.map(({ digest, enabled = true, source, ...input }, i) => {
    const place = source ?? `entry ${String(i + 1)}`;
    const seed = { id: mint.id(), digest, now: at, by, state: "current" } as const;
    const key = { ...inPlace(place, () => planKey({ ...input, prefix: OPAQUE_PREFIX }, seed)), enabled };
    const named = names.get(key.name);
    if (named !== undefined) throw nameTakenBy(named, `${place}: `);
    const owner = owners.get(digest);
    if (owner !== undefined) throw tokenTaken(`${place}: the token with this digest`, owner.key, owner.version);
    // The store may have the token under a pepper, or have dropped its digest with its revocation.
    const imported = pepperIdOf(digest) === null ? ids.get(opaqueIdFrom(digest)) : undefined;
    if (imported !== undefined) throw tokenTaken(`${place}: the token with this digest`, imported, undefined);
    add(key);
    return key;
  });
  return [...(await store.write({ op: "import", at, by, keys })).keys];
}

/** Adds the place of an entry to its error. */
function inPlace<T>(place: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof KeysError)) throw error;
    throw new KeysError(error.code, `${place}: ${error.message}`, { hint: error.hint });
  }
}
