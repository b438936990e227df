import { FORGOTTEN, isWithheld } from "../../core/digest.ts";
import type { Digest } from "../../core/digest.ts";
import type { Key, Version } from "../../core/key.ts";
import { KeysError } from "../../errors.ts";
import { accountOf, accountsOf, keptAs, mayHold, newAccount } from "./item.ts";
import type { Item } from "./protocol.ts";

/** An item that holds a digest. */
export interface NewItem extends Item {
  readonly value: Digest;
}

/** A drafted key as the journal takes it, and what that means for the keychain. */
export interface Resolved {
  readonly key: Key;
  /** To be written before the journal. */
  readonly items: readonly NewItem[];
  /** Accounts to be removed behind it: no version names them any more. */
  readonly gone: readonly string[];
}

/**
 * Puts names in the place of digests. A version that is revoked loses its digest, so that a copy of an older journal does not
 * bring it back.
 * @param stored - The key as the journal has it; `null` when it is new.
 * @param digestAt - What is known of an account.
 * @throws {@link KeysError} `BUG` for a name that the journal does not have.
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
      throw new KeysError("BUG", `version ${version.n} of ${key.name} names what the store does not have`);
    }
    if (account !== null && digestAt(account) === digest) return { ...version, digest: keptAs(account) };
    const item = { account: newAccount(key.id, version.n, digest), value: digest };
    items.push(item);
    return { ...version, digest: keptAs(item.account) };
  });
  const resolved = { ...key, versions };
  const named = new Set(accountsOf([resolved]));
  const gone = stored === null ? [] : accountsOf([stored]).filter((account) => !named.has(account));
  return { key: resolved, items, gone };
}

/** The key with the digests that the caller gave for it, where the store has not given them up. */
export function restoreKey(written: Key, drafted: Key | undefined): Key {
  return {
    ...written,
    versions: written.versions.map((version) => {
      const given = drafted?.versions.find(({ n }) => n === version.n)?.digest;
      return version.digest === FORGOTTEN || given === undefined ? version : { ...version, digest: given };
    }),
  };
}

/** The keys among `keys`, other than `own`, of which a version may have one of these digests. */
export function mayBeTwins(keys: readonly Key[], own: Key, items: readonly NewItem[]): Key[] {
  return keys.filter(
    ({ id, versions }) =>
      id !== own.id &&
      versions.some((version) => {
        const account = accountOf(version);
        return account !== null && items.some(({ value }) => mayHold(account, value));
      }),
  );
}
