import { FORGOTTEN, isWithheld } from "../../core/digest.ts";
import type { StoredDigest } from "../../core/digest.ts";
import type { Key, Version } from "../../core/key.ts";
import { KeysError } from "../../errors.ts";
import { checkDraft, digestTaken } from "../draft.ts";
import type { JournalStore } from "../journal/store.ts";
import { KeyMap, versionOf } from "../key-map.ts";
import type { Change, Draft, StoreWorld, Written } from "../store.ts";
import type { Digests } from "./digests.ts";
import { accountOf, belongsTo, keptAs, mayHold, newAccount } from "./item.ts";
import type { Keychain } from "./keychain.ts";
import { possibleDuplicates, splitKey, restoreDigests } from "./split-key.ts";
import type { NewItem, SplitKey } from "./split-key.ts";

/** After these failures the journal is certainly unchanged. */
const REFUSALS: readonly unknown[] = ["STORE_CONFLICT", "NAME_TAKEN", "CLOCK_BEHIND", "STORE_READ_ONLY"];

/**
 * Writes to keychain and journal in an order that never loses a key: an item is written before the journal names it, and removed
 * after the journal no longer does. A crash in between leaves an orphan.
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

  /** Implements {@link KeyStore.write}. */
  async write(draft: Draft): Promise<Written> {
    const stored = await this.#journal.list();
    // The journal checks the time.
    checkDraft(draft, keyMapOf(stored), 0);
    const split = await this.#split(draft, stored);
    for (const each of split) await this.#rejectDuplicates(each, stored);
    const items = split.flatMap((each) => each.items);
    await this.#addAll(items);
    const named: Draft = { ...draft, keys: split.map(({ key }) => key) };
    const change = await this.#orUndo(items, () =>
      this.#journal.write(named, async (keys) => {
        for (const each of split) if (each.items.length > 0) await this.#rejectDuplicates(each, keys?.list() ?? []);
      }),
    );
    await this.#removeAll(split.flatMap(({ removed }) => removed.map((account) => ({ account }))));
    return {
      ...change,
      keys: change.keys.map((key) =>
        restoreDigests(
          key,
          draft.keys.find(({ id }) => id === key.id),
        ),
      ),
    };
  }

  /** Implements {@link KeyStore.adopt}. Each digest becomes one item, unless its version is revoked in the end. */
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
    // A journal with a history refuses to adopt another: no items then.
    if (seq === 0) await this.#addAll(items);
    await this.#orUndo(items, () => this.#journal.adopt(named));
  }

  async #split(draft: Draft, stored: readonly Key[]): Promise<SplitKey[]> {
    const before = new Map(stored.map((key) => [key.id, key]));
    // A repeated digest must not look like a new one.
    const repeated = draft.keys
      .flatMap((key) => before.get(key.id) ?? [])
      .map((key) => ({
        ...key,
        versions: key.versions.filter((version) => mayRepeat(version, draft)),
      }));
    await this.#digests.fetch(repeated);
    return draft.keys.map((key) => splitKey(key, before.get(key.id) ?? null, (account) => this.#digests.get(account)));
  }

  /** @throws {@link KeysError} `STORE_CONFLICT` if another key has the token */
  async #rejectDuplicates({ key, items }: SplitKey, keys: readonly Key[]): Promise<void> {
    const others = possibleDuplicates(keys, key, items);
    await this.#digests.fetch(others);
    for (const other of others.map((each) => this.#digests.fill(each))) {
      if (items.some(({ value }) => versionOf(other, value) !== null)) throw digestTaken(other.name);
    }
  }

  async #addAll(items: readonly NewItem[]): Promise<void> {
    for (const item of items) {
      await this.#keychain.set(item);
      this.#digests.add(item.account, item.value);
    }
  }

  /** Removes the new items if the journal refuses the draft. */
  async #orUndo<T>(items: readonly NewItem[], job: () => Promise<T>): Promise<T> {
    try {
      return await job();
    } catch (cause) {
      if (cause instanceof KeysError && REFUSALS.includes(cause.code)) await this.#removeAll(items);
      throw cause;
    }
  }

  /** Removes items. A failure is only reported, because no version names them. */
  async #removeAll(items: readonly Pick<NewItem, "account">[]): Promise<void> {
    try {
      for (const { account } of items) {
        this.#digests.delete(account);
        await this.#keychain.remove(account);
      }
    } catch (cause) {
      const reason = cause instanceof KeysError ? cause.message : "the removal failed";
      this.#notify?.(`an unused item stays in the keychain: ${reason}`);
    }
  }
}

function keyMapOf(keys: readonly Key[]): KeyMap {
  const keyMap = new KeyMap();
  keyMap.apply(keys);
  return keyMap;
}

/** Returns the versions that are revoked at the end of a history. */
function revokedIn(history: readonly Change[]): Set<string> {
  const last = new Map(history.flatMap(({ keys }) => keys.map((key) => [key.id, key] as const)));
  return new Set(
    [...last.values()].flatMap(({ id, versions }) =>
      versions.flatMap(({ n, state }) => (state === "revoked" ? [`${id} ${n}`] : [])),
    ),
  );
}

/** Tells whether a draft may repeat the digest of this stored version. */
function mayRepeat(stored: Version, draft: Draft): boolean {
  const account = accountOf(stored);
  if (account === null) return false;
  return draft.keys.some(({ id, versions }) =>
    versions.some(({ n, digest }) => belongsTo(account, id, n) && !isWithheld(digest) && mayHold(account, digest)),
  );
}
