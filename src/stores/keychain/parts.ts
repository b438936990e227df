import { openJournal } from "../journal/store.ts";
import type { JournalStore } from "../journal/store.ts";
import { inDataDir } from "../location.ts";
import type { StoreWorld } from "../store.ts";
import { serviceOf } from "./item.ts";
import { Keychain } from "./keychain.ts";
import type { KeychainEngine } from "./protocol.ts";

const FILES: Readonly<Record<KeychainEngine, string>> = {
  keyring: "keychain.jsonl",
  keytar: "keychain-keytar.jsonl",
};
const SPECS: Readonly<Record<KeychainEngine, string>> = { keyring: "keychain:", keytar: "keychain:keytar" };

/** What a keychain store is made of. */
export interface Parts {
  readonly journal: JournalStore;
  readonly keychain: Keychain;
  /** What its items in the keychain have in common. */
  readonly service: string;
}

/** Opens nothing yet. @throws {@link KeysError} `STORE_UNAVAILABLE` when there is no data folder */
export function openParts(engine: KeychainEngine, world: StoreWorld): Parts {
  const path = inDataDir(FILES[engine], world);
  const service = serviceOf(engine, path);
  const journal = openJournal(SPECS[engine], { path, uid: world.uid, ownsFolder: true, digests: "elsewhere" });
  return { journal, keychain: new Keychain(engine, service, world), service };
}
