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

/** The two parts of a keychain store: the journal, and the keychain with its digests. */
export interface Parts {
  readonly journal: JournalStore;
  readonly keychain: Keychain;
  /** The service name of its items. */
  readonly service: string;
}

/** Creates the parts without touching the disk or the keychain. @throws {@link KeysError} `STORE_UNAVAILABLE` without a data folder */
export function openParts(engine: KeychainEngine, world: StoreWorld): Parts {
  const path = inDataDir(FILES[engine], world);
  const service = serviceOf(engine, path);
  const journal = openJournal(SPECS[engine], { path, uid: world.uid, ownsFolder: true, digests: "elsewhere" });
  return { journal, keychain: new Keychain(engine, service, world), service };
}
