import { KeysError } from "../errors.ts";
import { openArchiveStore } from "./archive.ts";
import { openEnvStore } from "./env.ts";
import { openFileStore } from "./file.ts";
import { openKeychainStore } from "./keychain.ts";
import { openMemoryStore } from "./memory.ts";
import type { KeyStore, OpenStore, StoreWorld } from "./store.ts";

/** A line of the registry. */
export interface StoreDriver {
  /** For `--help`: what it is and what it is for, in a few words. */
  readonly summary: string;
  readonly open: OpenStore;
}

/**
 * Every store, by the scheme of its spec. To add one: `src/stores/<scheme>.ts` and a line here. The contract suite, the
 * choices in `--help` and the hints of errors follow from it.
 */
export const stores = {
  file: {
    summary: "a journal that only its owner can read; the default",
    open: (location, world) => openFileStore(location, world),
  },
  keychain: { summary: "digests in the keychain of the operating system", open: openKeychainStore },
  archive: { summary: "the history that `audit --archive` moved away; read-only", open: openArchiveStore },
  env: { summary: "MCP_API_KEY, MCP_API_KEYS, MCP_API_KEY_HASHES; read-only", open: openEnvStore },
  memory: { summary: "nothing is kept; for tests", open: openMemoryStore },
} satisfies Record<string, StoreDriver>;

export type StoreScheme = keyof typeof stores;

/** A spec such as `file:/srv/keys.jsonl`, taken apart at its first colon. */
export interface StoreSpec {
  readonly scheme: StoreScheme;
  /** What stands behind the colon; may be empty. */
  readonly location: string;
}

/**
 * Reads a store spec: `<scheme>:<location>`.
 * @throws {@link KeysError} `USAGE` for a bare path or an unknown scheme; the hint names the choices.
 */
export function parseStoreSpec(text: string): StoreSpec {
  const colon = text.indexOf(":");
  const scheme = text.slice(0, Math.max(colon, 0));
  if (isScheme(scheme)) return { scheme, location: text.slice(colon + 1) };
  // Not quoted further than its scheme: what follows may be a connection string with a password.
  const what = /^[a-z][a-z0-9+.-]+$/i.test(scheme)
    ? `there is no store ${scheme}:`
    : "a store is named by its kind and a colon";
  const choices = Object.keys(stores).map((each) => `${each}:`);
  throw new KeysError("USAGE", what, { hint: `choose one of ${choices.join(" ")}, such as --store file:./keys.jsonl` });
}

function isScheme(text: string): text is StoreScheme {
  return Object.hasOwn(stores, text);
}

/**
 * Opens the store that a spec names. Writes nothing.
 * @throws {@link KeysError} `USAGE` as {@link parseStoreSpec}; what else the driver throws.
 */
export async function openStore(spec: string, world: StoreWorld): Promise<KeyStore> {
  const { scheme, location } = parseStoreSpec(spec);
  return stores[scheme].open(location, world);
}
