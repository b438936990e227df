import { FORGOTTEN, isWithheld } from "../../core/digest.ts";
import type { Digest } from "../../core/digest.ts";
import type { Key, Version } from "../../core/key.ts";
import { KeysError } from "../../errors.ts";
import { accountOf, accountsOf, keptAs, mayHold, newAccount } from "./item.ts";
import type { KeychainItem } from "./protocol.ts";

/** An item to be written. */
export interface NewItem extends KeychainItem {
  readonly value: Digest;
}

/** A drafted key in the form of the journal, with the changes to the keychain. */
export interface Resolved {
  readonly key: Key;
  /** To be written before the journal names them. */
  readonly items: readonly NewItem[];
  /** To be removed after the journal no longer names them. */
  readonly removed: readonly string[];
}

/**
 * Replaces digests with accounts. A revoked version loses its digest, so an older copy of the journal cannot bring its token back.
 * @param stored - The key in the journal; `null` if it is new.
 * @param digestAt - Returns the known digest of an account.
 * @throws {@link KeysError} `BUG` for an account that the journal does not name
 */
export function resolveKey(key: Key, stored: Key | null, digestAt: (account: string) => Digest | undefined): Resolved {
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
  const resolved = { ...key, versions };
  const named = new Set(accountsOf([resolved]));
  const removed = stored === null ? [] : accountsOf([stored]).filter((account) => !named.has(account));
  return { key: resolved, items, removed };
}

/** Restores the digests of the draft in a written key, except those that the store has dropped. */
export function restoreKey(written: Key, drafted: Key | undefined): Key {
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
