import { FORGOTTEN, isWithheld } from "../../core/digest.ts";
import type { Digest } from "../../core/digest.ts";
import type { Key, Version } from "../../core/key.ts";
import { KeysError } from "../../errors.ts";
import { accountOf, accountsOf, keptAs, mayHold, newAccount } from "./item.ts";
import type { KeychainItem } from "./protocol.ts";

/** An item to write. */
export interface NewItem extends KeychainItem {
  readonly value: Digest;
}

/** A drafted key, split into what the journal and the keychain store. */
export interface SplitKey {
  /** The key for the journal, with accounts instead of digests. */
  readonly key: Key;
  /** To write before the journal names them. */
  readonly items: readonly NewItem[];
  /** Accounts to remove once the journal no longer names them. */
  readonly removed: readonly string[];
}

/**
 * Moves the digests of a key to keychain items and leaves their accounts in the key. A revoked version loses its digest, so an
 * older copy of the journal cannot bring its token back.
 * @param stored - The key in the journal; `null` if it is new.
 * @param digestAt - Returns the known digest of an account.
 * @throws {@link KeysError} `BUG` for an account that the journal does not name
 */
export function splitKey(key: Key, stored: Key | null, digestAt: (account: string) => Digest | undefined): SplitKey {
  const items: NewItem[] = [];
  const versions = key.versions.map((version): Version => {
    const before = stored?.versions.find(({ n }) => n === version.n);
    const account = before === undefined ? null : accountOf(before);
    if (version.state === "revoked" && before !== undefined && before.state !== "revoked") {
      return { ...version, digest: FORGOTTEN };
    }
    const { digest } = version;
    if (isWithheld(digest)) {
      if (digest === FORGOTTEN || digest === before?.digest) return version;
      throw new KeysError("BUG", `version ${version.n} of ${key.name} names a digest that the store does not have`);
    }
    if (account !== null && digestAt(account) === digest) return { ...version, digest: keptAs(account) };
    const item = { account: newAccount(key.id, version.n, digest), value: digest };
    items.push(item);
    return { ...version, digest: keptAs(item.account) };
  });
  const split = { ...key, versions };
  const named = new Set(accountsOf([split]));
  const removed = stored === null ? [] : accountsOf([stored]).filter((account) => !named.has(account));
  return { key: split, items, removed };
}

/** Puts the digests of the draft back into a written key, except digests that the store has dropped. */
export function restoreDigests(written: Key, drafted: Key | undefined): Key {
  return {
    ...written,
    versions: written.versions.map((version) => {
      const given = drafted?.versions.find(({ n }) => n === version.n)?.digest;
      return version.digest === FORGOTTEN || given === undefined ? version : { ...version, digest: given };
    }),
  };
}

/** Finds the other keys that may have one of these digests. */
export function possibleDuplicates(keys: readonly Key[], own: Key, items: readonly NewItem[]): Key[] {
  return keys.filter(
    ({ id, versions }) =>
      id !== own.id &&
      versions.some((version) => {
        const account = accountOf(version);
        return account !== null && items.some(({ value }) => mayHold(account, value));
      }),
  );
}
