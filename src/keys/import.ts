import { digestCandidates, digestToken, type Pepper } from "../core/digest.ts";
import { parseName, planKey, type KeyInput } from "../core/generate.ts";
import type { Key, KeyId, Version } from "../core/key.ts";
import { isWeak, OPAQUE_PREFIX, opaqueIdOf } from "../core/opaque.ts";
import { isRevoked } from "../core/status.ts";
import { explainUnusable } from "../core/token.ts";
import { KeysError } from "../errors.ts";
import type { KeyStore } from "../stores/store.ts";
import type { Mint } from "./mint.ts";
import { NO_DIGESTS, type OperationContext } from "./update.ts";

/**
 * Input of {@link Keys.import}. Only `token` and `expiresAt` are required: seconds since 1970, or `null` for never. The optional
 * members are `name`, `scopes`, `audience` (server URLs), `owner`, `note`, `tags` and `allowWeak`.
 * @example
 * ```ts
 * import type { ImportInput } from "mcp-keys";
 *
 * const inNinetyDays = Math.floor(Date.now() / 1000) + 90 * 86_400;
 * const input: ImportInput = { name: "shared", token: process.env["MCP_API_KEY"] ?? "", expiresAt: inNinetyDays };
 * ```
 */
export type ImportInput = Omit<KeyInput, "name" | "prefix"> & {
  /** Default: `default`, or `key-<id>` if that is taken. */
  readonly name?: string;
  /** The token that clients already have, in any format that a header can carry. Only its digest is stored. */
  readonly token: string;
  /** Whether to accept a token with less than 128 random bits by estimate. Its version is marked as `weak`. Default: `false`. */
  readonly allowWeak?: boolean;
};

/**
 * Stores the digest of an existing token as a new key. A token in our format keeps its id. Another strong token gets an id that is
 * derived from it, so the key has the same id in the store `env:`.
 * @returns the key, with the token as its current version 1
 * @throws {@link KeysError} `TOKEN_UNUSABLE`, `TOKEN_WEAK`, `USAGE`, `TOKEN_MISPLACED`; `TOKEN_TAKEN` if a key of the store has the
 *   token; `KEY_NOT_ACTIVE` if it was revoked; `NAME_TAKEN`, and the errors of the store
 */
export async function importKey(
  context: OperationContext,
  mint: Mint,
  peppers: readonly Pepper[],
  { token, allowWeak = false, name, ...input }: ImportInput,
): Promise<Key> {
  const fault = explainUnusable(token);
  if (fault !== null) throw new KeysError("TOKEN_UNUSABLE", `the token ${fault}`);
  const weak = isWeak(token);
  if (weak && !allowWeak) {
    throw new KeysError("TOKEN_WEAK", "the token can be guessed: it has less than 128 random bits", {
      hint: "if clients already have it, import it with --allow-weak and replace it soon; else issue a random key with: mcp-keys generate",
    });
  }
  const { store, now, by } = context;
  await requireUnknown(store, peppers, token);
  const id = weak ? mint.id() : opaqueIdOf(token);
  const chosen = name ?? (await freeName(store, id));
  const planned = planKey(
    { ...input, name: chosen, prefix: OPAQUE_PREFIX },
    { id, digest: digestToken(token, peppers[0]), now: now(), by, state: "current" },
  );
  await requireFreeName(store, planned.name);
  const key = weak ? { ...planned, versions: planned.versions.map(markWeak) } : planned;
  const { keys } = await store.write({ op: "import", at: now(), by, version: 1, keys: [key] });
  return keys[0] ?? key;
}

function markWeak(version: Version): Version {
  return { ...version, weak: true };
}

/** A keychain drops the digests of revoked versions, so the id counts too. */
async function requireUnknown(store: KeyStore, peppers: readonly Pepper[], token: string): Promise<void> {
  for (const digest of digestCandidates(token, peppers)) {
    const found = await store.find(digest);
    if (found !== null) throw tokenTaken("the token", found.key, found.version);
  }
  const id = opaqueIdOf(token);
  const owner = await store.get(id, NO_DIGESTS);
  if (owner?.id === id) throw tokenTaken("the token", owner, undefined);
}

async function freeName(store: KeyStore, id: KeyId): Promise<string> {
  return (await store.get("default", NO_DIGESTS)) === null ? "default" : `key-${id}`;
}

async function requireFreeName(store: KeyStore, name: string): Promise<void> {
  const owner = await store.get(parseName(name), NO_DIGESTS);
  if (owner !== null) throw nameTakenBy(owner);
}

/**
 * Builds the error for a token that a key already has.
 * @param what - the start of the message: `the token`, or `the digest of line 3`
 * @param version - the version with the token; undefined if the store no longer knows its digest
 */
export function tokenTaken(what: string, { id, name }: Key, version: Version | undefined): KeysError {
  const whose = version === undefined ? `${name} (${id})` : `version ${String(version.n)} of ${name} (${id})`;
  if (version?.state === "revoked") {
    return new KeysError("KEY_NOT_ACTIVE", `${what} was revoked permanently: it is ${whose}`, {
      hint: "a revoked token cannot come back; issue another one with: mcp-keys generate",
    });
  }
  return new KeysError("TOKEN_TAKEN", `${what} is already in the store: it belongs to ${whose}`, {
    hint: `see its state with: mcp-keys show ${name}`,
  });
}

/** Builds the error for a name that a key already has. */
export function nameTakenBy(key: Key, where = ""): KeysError {
  const { name, id } = key;
  return isRevoked(key)
    ? new KeysError("NAME_TAKEN", `${where}a revoked key is named ${name} (${id})`, {
        hint: `free its name with: mcp-keys revoke ${name} --release-name --yes, or choose another name`,
      })
    : new KeysError("NAME_TAKEN", `${where}a key named ${name} already exists (${id})`, {
        hint: "choose another name",
      });
}
