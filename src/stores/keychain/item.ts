import { hash, randomBytes } from "node:crypto";
import type { Digest, KeptDigest } from "../../core/digest.ts";
import type { Key, KeyId } from "../../core/key.ts";
import type { KeychainEngine } from "./protocol.ts";

const KEPT = "kept:";
const PREFIXES: Readonly<Record<KeychainEngine, string>> = { keyring: "mcp-keys-", keytar: "mcp-keys-keytar-" };

/**
 * The name that all items of a store have in common. Each journal has its own, so that no store ever takes the items of
 * another for leftovers; and so has each engine. Without dots, which Windows puts between service and account.
 */
export function serviceOf(engine: KeychainEngine, path: string): string {
  return PREFIXES[engine] + hash("sha256", path).slice(0, 12);
}

/** What the keychain's user sees of an item, and what a journal keeps of a digest: the key, the version, 12 hex digits. */
const ACCOUNT = /^(.+)-([0-9]+)-([0-9a-f]{4})[0-9a-f]{8}$/;

/**
 * The account of a new item. It is never the same twice, so that of two who write the same version at once none overwrites
 * the other's digest. Its first four digits tell which items may hold a digest, without telling the digest.
 */
export function newAccount(id: KeyId, n: number, digest: Digest): string {
  return `${id}-${n}-${fingerprint(digest)}${randomBytes(4).toString("hex")}`;
}

/** Whether an item of this account may hold this digest; of 65,536 others, one may. */
export function mayHold(account: string, digest: Digest): boolean {
  return ACCOUNT.exec(account)?.[3] === fingerprint(digest);
}

/** Whether an item of this account is of this version: a journal that names another's was altered. */
export function isOf(account: string, id: KeyId, n: number): boolean {
  const [, itsId, itsN] = ACCOUNT.exec(account) ?? [];
  return itsId === id && itsN === String(n);
}

function fingerprint(digest: Digest): string {
  return hash("sha256", `mcp-keys item ${digest}`).slice(0, 4);
}

export function keptAs(account: string): KeptDigest {
  return `${KEPT}${account}`;
}

/** The account that stands for a digest; `null` where none does. */
export function accountOf({ digest }: Key["versions"][number]): string | null {
  return digest.startsWith(KEPT) ? digest.slice(KEPT.length) : null;
}

/** The accounts that keys name, each once. */
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
