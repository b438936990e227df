import { FORGOTTEN, isWithheld } from "../../core/digest.ts";
import type { StoredDigest } from "../../core/digest.ts";
import type { Key, Version } from "../../core/key.ts";
import { KeysError } from "../../errors.ts";
import { checkDraft, digestTaken } from "../draft.ts";
import type { JournalStore } from "../journal/store.ts";
import { Ledger, versionOf } from "../ledger.ts";
import type { Change, Draft, StoreWorld } from "../store.ts";
import type { Digests } from "./digests.ts";
import { accountOf, isOf, keptAs, mayHold, newAccount } from "./item.ts";
import type { Keychain } from "./keychain.ts";
import { mayBeTwins, resolveKey, restoreKey } from "./resolve.ts";
import type { NewItem, Resolved } from "./resolve.ts";

/** Of these failures it is certain that the journal took nothing. */
const REFUSALS: readonly unknown[] = ["STORE_CONFLICT", "NAME_TAKEN", "STORE_READ_ONLY"];

/**
 * Writes to keychain and journal in the order that loses nothing: an item is there before the journal names it, and is removed
 * only when no version names it any more. A crash in between leaves an item that nobody names.
 */
export class KeychainWriter {
  readonly #journal: JournalStore;
  readonly #keychain: Keychain;
  readonly #digests: Digests;
  readonly #notify: StoreWorld["notify"];

  constructor(journal: JournalStore, keychain: Keychain, digests: Digests, { notify }: StoreWorld) {
    this.#journal = journal;
    this.#keychain = keychain;
    this.#digests = digests;
    this.#notify = notify;
  }

  /** As {@link KeyStore.write}. */
  async write(draft: Draft): Promise<Change> {
    const stored = await this.#journal.list();
    checkDraft(draft, ledgerOf(stored));
    const resolved = await this.#resolve(draft, stored);
    for (const each of resolved) await this.#checkTwins(each, stored);
    const items = resolved.flatMap((each) => each.items);
    await this.#setAll(items);
    const named: Draft = { ...draft, keys: resolved.map(({ key }) => key) };
    const change = await this.#orTakeBack(items, () =>
      this.#journal.write(named, async (keys) => {
        for (const each of resolved) if (each.items.length > 0) await this.#checkTwins(each, keys?.list() ?? []);
      }),
    );
    await this.#removeAll(resolved.flatMap(({ gone }) => gone.map((account) => ({ account }))));
    return {
      ...change,
      keys: change.keys.map((key) =>
        restoreKey(
          key,
          draft.keys.find(({ id }) => id === key.id),
        ),
      ),
    };
  }

  /** As {@link KeyStore.adopt}. A digest that the history holds many times is one item; of what was revoked in it there is none. */
  async adopt(history: readonly Change[]): Promise<void> {
    const { seq } = await this.#journal.snapshot();
    const revoked = revokedIn(history);
    const accounts = new Map<string, NewItem>();
    const nameOf = (id: string, n: number, digest: StoredDigest): StoredDigest => {
      if (revoked.has(`${id} ${n}`)) return FORGOTTEN;
      if (isWithheld(digest)) return digest;
      const known = accounts.get(`${id} ${n} ${digest}`);
      const item = known ?? { account: newAccount(id, n, digest), value: digest };
      accounts.set(`${id} ${n} ${digest}`, item);
      return keptAs(item.account);
    };
    const named = history.map((change) => ({
      ...change,
      keys: change.keys.map((key) => ({
        ...key,
        versions: key.versions.map((version) => ({
          ...version,
          digest: nameOf(key.id, version.n, version.digest),
        })),
      })),
    }));
    const items = [...accounts.values()];
    // A journal with a history refuses; no item is written for that.
    if (seq === 0) await this.#setAll(items);
    await this.#orTakeBack(items, () => this.#journal.adopt(named));
  }

  async #resolve(draft: Draft, stored: readonly Key[]): Promise<Resolved[]> {
    const before = new Map(stored.map((key) => [key.id, key]));
    // A digest that is given once more must be told from a new one.
    const repeated = draft.keys
      .flatMap((key) => before.get(key.id) ?? [])
      .map((key) => ({
        ...key,
        versions: key.versions.filter((version) => mayRepeat(version, draft)),
      }));
    await this.#digests.fetch(repeated);
    return draft.keys.map((key) => resolveKey(key, before.get(key.id) ?? null, (account) => this.#digests.at(account)));
  }

  /** @throws {@link KeysError} `STORE_CONFLICT` when another key has the token. */
  async #checkTwins({ key, items }: Resolved, keys: readonly Key[]): Promise<void> {
    const twins = mayBeTwins(keys, key, items);
    await this.#digests.fetch(twins);
    for (const twin of twins.map((each) => this.#digests.fill(each))) {
      if (items.some(({ value }) => versionOf(twin, value) !== null)) throw digestTaken(twin.name);
    }
  }

  async #setAll(items: readonly NewItem[]): Promise<void> {
    for (const item of items) {
      await this.#keychain.set(item);
      this.#digests.note(item.account, item.value);
    }
  }

  /** Removes what was written for a draft that the journal has refused. */
  async #orTakeBack<T>(items: readonly NewItem[], job: () => Promise<T>): Promise<T> {
    try {
      return await job();
    } catch (cause) {
      if (cause instanceof KeysError && REFUSALS.includes(cause.code)) await this.#removeAll(items);
      throw cause;
    }
  }

  /** What is left is no danger: no version names it. */
  async #removeAll(items: readonly Pick<NewItem, "account">[]): Promise<void> {
    try {
      for (const { account } of items) {
        this.#digests.drop(account);
        await this.#keychain.remove(account);
      }
    } catch (cause) {
      const why = cause instanceof KeysError ? cause.message : "it failed";
      this.#notify?.(`an item that nobody uses any more stays in the keychain: ${why}`);
    }
  }
}

function ledgerOf(keys: readonly Key[]): Ledger {
  const ledger = new Ledger();
  ledger.apply(keys);
  return ledger;
}

/** The versions that are revoked where a history ends. */
function revokedIn(history: readonly Change[]): Set<string> {
  const last = new Map(history.flatMap(({ keys }) => keys.map((key) => [key.id, key] as const)));
  return new Set(
    [...last.values()].flatMap(({ id, versions }) =>
      versions.flatMap(({ n, state }) => (state === "revoked" ? [`${id} ${n}`] : [])),
    ),
  );
}

/** Whether a draft may give this stored version the digest that it has already. */
function mayRepeat(stored: Version, draft: Draft): boolean {
  const account = accountOf(stored);
  if (account === null) return false;
  return draft.keys.some(({ id, versions }) =>
    versions.some(({ n, digest }) => isOf(account, id, n) && !isWithheld(digest) && mayHold(account, digest)),
  );
}
