import { FORGOTTEN, isDigest } from "../../core/digest.ts";
import type { Digest } from "../../core/digest.ts";
import type { Key } from "../../core/key.ts";
import { KeysError } from "../../errors.ts";
import { accountOf, accountsOf, isOf, mayHold } from "./item.ts";
import type { Keychain } from "./keychain.ts";

/** The digests that a journal names, from the keychain. An item is never rewritten, so each is fetched once. */
export class Digests {
  readonly #keychain: Keychain;
  readonly #known = new Map<string, Digest>();

  constructor(keychain: Keychain) {
    this.#keychain = keychain;
  }

  /** Notes what was written. */
  note(account: string, digest: Digest): void {
    this.#known.set(account, digest);
  }

  /** Drops what was removed. */
  drop(account: string): void {
    this.#known.delete(account);
  }

  /**
   * Fetches what these keys name. Returns whether all of it is there.
   * @throws {@link KeysError} `STORE_DAMAGED` for an item that was altered; `STORE_LOCKED`, `STORE_UNAVAILABLE`
   */
  async fetch(keys: readonly Key[]): Promise<boolean> {
    for (const key of keys) checkNames(key);
    const wanted = accountsOf(keys).filter((account) => !this.#known.has(account));
    if (wanted.length === 0) return true;
    const values = await this.#keychain.read(wanted);
    for (const account of wanted) {
      const value = values.get(account);
      if (value === undefined) continue;
      if (!isDigest(value) || !mayHold(account, value)) {
        throw new KeysError("STORE_DAMAGED", `the item ${account} of the keychain was altered`, {
          hint: "find out who did it, then replace the version: mcp-keys rotate <key> --overlap 0s",
        });
      }
      this.#known.set(account, value);
    }
    return wanted.every((account) => this.#known.has(account));
  }

  /** What the item of this account holds, where it was fetched. */
  at(account: string): Digest | undefined {
    return this.#known.get(account);
  }

  /** The key with the digests that were fetched; what is gone from the keychain is forgotten. */
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

/** A name belongs to one version: whoever can write the journal alone cannot lend one key the token of another. */
function checkNames({ id, name, versions }: Key): void {
  for (const version of versions) {
    const account = accountOf(version);
    if (account === null ? version.digest === FORGOTTEN : isOf(account, id, version.n)) continue;
    throw new KeysError("STORE_DAMAGED", `version ${version.n} of ${name} names the digest of another`);
  }
}
