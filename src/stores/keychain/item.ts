import { hash, randomBytes } from "node:crypto";
import type { Digest, KeptDigest } from "../../core/digest.ts";
import type { Key, KeyId } from "../../core/key.ts";
import type { KeychainEngine } from "./protocol.ts";

const KEPT = "kept:";
const PREFIXES: Readonly<Record<KeychainEngine, string>> = { keyring: "mcp-keys-", keytar: "mcp-keys-keytar-" };

/**
 * Returns the service name of a store's items. Each journal and engine has its own, so no store mistakes another's items for orphans.
 * It has no dots, because Windows joins service and account with one.
 */
export function serviceOf(engine: KeychainEngine, path: string): string {
  return PREFIXES[engine] + hash("sha256", path).slice(0, 12);
}

/** The account of an item: key id, version, 12 hex digits. A journal stores it instead of the digest. */
const ACCOUNT = /^(.+)-([0-9]+)-([0-9a-f]{4})[0-9a-f]{8}$/;

/**
 * Creates the account of a new item. Eight random digits keep two writers of the same version from overwriting each other's digest.
 * The first four digits narrow a search for a digest without revealing it.
 */
export function newAccount(id: KeyId, n: number, digest: Digest): string {
  return `${id}-${n}-${fingerprint(digest)}${randomBytes(4).toString("hex")}`;
}

/** Tells whether the item of this account may contain this digest. One in 65,536 other digests matches too. */
export function mayHold(account: string, digest: Digest): boolean {
  return ACCOUNT.exec(account)?.[3] === fingerprint(digest);
}

/** Tells whether this account belongs to this version. */
export function belongsTo(account: string, id: KeyId, n: number): boolean {
  const [, itsId, itsN] = ACCOUNT.exec(account) ?? [];
  return itsId === id && itsN === String(n);
}

function fingerprint(digest: Digest): string {
  return hash("sha256", `mcp-keys item ${digest}`).slice(0, 4);
}

/** Returns the text that a journal stores instead of a digest. */
export function keptAs(account: string): KeptDigest {
  return `${KEPT}${account}`;
}

/** Returns the account that replaces a version's digest, or `null`. */
export function accountOf({ digest }: Key["versions"][number]): string | null {
  return digest.startsWith(KEPT) ? digest.slice(KEPT.length) : null;
}

/** Returns the accounts that these keys name, without duplicates. */
export function accountsOf(keys: Iterable<Key>): string[] {
  const accounts = new Set<string>();
  for (const { versions } of keys) {
    for (const version of versions) {
      const account = accountOf(version);
      if (account !== null) accounts.add(account);
    }
  }
  return [...accounts];
}
