import { KeysError } from "../errors.ts";
import type { Key } from "../core/key.ts";
import { Digests } from "./keychain/digests.ts";
import { accountOf, mayHold } from "./keychain/item.ts";
import { openParts } from "./keychain/parts.ts";
import type { KeychainEngine } from "./keychain/protocol.ts";
import { KeychainWriter } from "./keychain/writer.ts";
import { versionOf } from "./key-map.ts";
import type { Change, StoreWorld, WritableStore } from "./store.ts";

/** How many changes are held in memory while their digests are fetched. */
const BATCH = 256;

/**
 * Opens a store in the keychain of the operating system: `keychain:` uses `@napi-rs/keyring`, `keychain:keytar` uses keytar. The
 * keychain has one item per version with its digest; a journal in the user's data folder has the rest: see `docs/keychain.md`.
 * The keychain is not touched until a digest is needed.
 * @throws {@link KeysError} `USAGE` for another location, `STORE_UNAVAILABLE` without a data folder. Calls that need a
 *   digest: `STORE_LOCKED`, `STORE_UNAVAILABLE`, `STORE_DAMAGED` for an altered item.
 */
export async function openKeychainStore(location: string, world: StoreWorld): Promise<WritableStore> {
  const engine = engineOf(location);
  const { journal, keychain } = openParts(engine, world);
  const digests = new Digests(keychain);
  const writer = new KeychainWriter(journal, keychain, digests, world);

  /** Reads the journal again when an item is missing: its version may have been revoked meanwhile. */
  const fetched = async <T>(read: () => Promise<T>, keysOf: (read: T) => readonly Key[]): Promise<T> => {
    const first = await read();
    if (await digests.fetch(keysOf(first))) return first;
    const second = await read();
    await digests.fetch(keysOf(second));
    return second;
  };
  const all = () => fetched(journal.snapshot, ({ keys }) => keys);
  const get = (ref: string) =>
    fetched(
      () => journal.get(ref),
      (key) => (key === null ? [] : [key]),
    );

  return {
    ...journal,
    async get(ref, { digests: wanted = true } = {}) {
      if (!wanted) return journal.get(ref);
      const key = await get(ref);
      return key === null ? null : digests.fill(key);
    },
    async find(digest) {
      const holders = async () =>
        (await journal.list()).filter(({ versions }) =>
          versions.some((version) => mayHold(accountOf(version) ?? "", digest)),
        );
      for (const key of await fetched(holders, (keys) => keys)) {
        const found = versionOf(digests.fill(key), digest);
        if (found !== null) return found;
      }
      return null;
    },
    async list({ digests: wanted = true } = {}) {
      return wanted ? (await all()).keys.map((key) => digests.fill(key)) : journal.list();
    },
    async snapshot() {
      const { keys, ...position } = await all();
      return { ...position, keys: keys.map((key) => digests.fill(key)) };
    },
    async load(take) {
      const { keys, ...position } = await all();
      for (const key of keys) take(digests.fill(key));
      return position;
    },
    async *changes(since, { digests: wanted = true, ...position } = {}) {
      if (!wanted) {
        yield* journal.changes(since, position);
        return;
      }
      const batch: Change[] = [];
      for await (const change of journal.changes(since, position)) {
        batch.push(change);
        if (batch.length === BATCH) yield* await fill(batch.splice(0));
      }
      yield* await fill(batch);
    },
    write: (draft) => writer.write(draft),
    adopt: (history) => writer.adopt(history),
    remove: (options) =>
      journal.remove(options, async () => {
        for (const account of await keychain.accounts()) await keychain.remove(account);
      }),
    async close() {
      keychain.close();
      await journal.close();
    },
  };

  async function fill<T extends { readonly keys: readonly Key[] }>(batch: readonly T[]): Promise<T[]> {
    await digests.fetch(batch.flatMap(({ keys }) => keys));
    return batch.map((change) => ({ ...change, keys: change.keys.map((key) => digests.fill(key)) }));
  }
}

function engineOf(location: string): KeychainEngine {
  if (location === "") return "keyring";
  if (location === "keytar") return "keytar";
  throw new KeysError("USAGE", "keychain: takes no path", { hint: "use keychain: or keychain:keytar" });
}
