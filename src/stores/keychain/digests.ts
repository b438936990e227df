import { FORGOTTEN, isDigest } from "../../core/digest.ts";
import type { Digest } from "../../core/digest.ts";
import type { Key } from "../../core/key.ts";
import { KeysError } from "../../errors.ts";
import { accountOf, accountsOf, belongsTo, mayHold } from "./item.ts";
import type { Keychain } from "./keychain.ts";

/** Caches the digests that a journal names. An item never changes, so each item is read from the keychain once. */
export class Digests {
  readonly #keychain: Keychain;
  readonly #known = new Map<string, Digest>();

  constructor(keychain: Keychain) {
    this.#keychain = keychain;
  }

  /** Adds the digest of a new item. */
  add(account: string, digest: Digest): void {
    this.#known.set(account, digest);
  }

  /** Removes the digest of a removed item. */
  delete(account: string): void {
    this.#known.delete(account);
  }

  /**
   * Fetches the digests of these keys.
   * @returns whether the keychain has all of them
   * @throws {@link KeysError} `STORE_DAMAGED` for an altered item; `STORE_LOCKED`, `STORE_UNAVAILABLE`
   */
  async fetch(keys: readonly Key[]): Promise<boolean> {
    for (const key of keys) checkAccounts(key);
    const wanted = accountsOf(keys).filter((account) => !this.#known.has(account));
    if (wanted.length === 0) return true;
    const values = await this.#keychain.read(wanted);
    for (const account of wanted) {
      const value = values.get(account);
      if (value === undefined) continue;
      if (!isDigest(value) || !mayHold(account, value)) {
        throw new KeysError("STORE_DAMAGED", `the keychain item ${account} was altered`, {
          hint: "find out who changed it, then replace the version with: mcp-keys rotate <key> --overlap 0s",
        });
      }
      this.#known.set(account, value);
    }
    return wanted.every((account) => this.#known.has(account));
  }

  /** Returns the digest in the item of this account, if it was fetched. */
  get(account: string): Digest | undefined {
    return this.#known.get(account);
  }

  /** Fills in the fetched digests. Versions without an item get {@link FORGOTTEN}. */
  fill(key: Key): Key {
    return {
      ...key,
      versions: key.versions.map((version) => {
        const account = accountOf(version);
        return account === null ? version : { ...version, digest: this.#known.get(account) ?? FORGOTTEN };
      }),
    };
  }
}

/** Checks that each account matches its version. An edited journal must not give one key the token of another. */
function checkAccounts({ id, name, versions }: Key): void {
  for (const version of versions) {
    const account = accountOf(version);
    if (account === null ? version.digest === FORGOTTEN : belongsTo(account, id, version.n)) continue;
    throw new KeysError("STORE_DAMAGED", `version ${version.n} of ${name} names the digest of another version`);
  }
}
