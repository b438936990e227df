import { KeysError } from "../errors.ts";
import { openFileStore } from "./file.ts";
import type { KeyStore, OpenStore, StoreWorld } from "./store.ts";

/** An entry of the registry. */
export interface StoreDriver {
  /** A few words for `--help`. */
  readonly summary: string;
  readonly open: OpenStore;
}

/**
 * All stores, by the scheme of their specs. All but the default load on first use. To add a store, write `src/stores/<scheme>.ts`
 * and add an entry here. The contract suite, `--help` and the error hints pick it up.
 */
export const stores = {
  file: {
    summary: "a file that only its owner can read; the default",
    open: (location, world) => openFileStore(location, world),
  },
  keychain: {
    summary: "digests in the keychain of the operating system",
    open: async (location, world) => (await import("./keychain.ts")).openKeychainStore(location, world),
  },
  postgres: {
    summary: "a schema of a PostgreSQL database, for several servers; needs `pg`",
    open: async (location, world) => (await import("./postgres/open.ts")).openPostgresStore(location, world),
  },
  archive: {
    summary: "an old history, saved by `audit --archive`; read-only",
    open: async (location, world) => (await import("./archive.ts")).openArchiveStore(location, world),
  },
  env: {
    summary: "MCP_API_KEY, MCP_API_KEYS, MCP_API_KEYSET; read-only",
    open: async (location, world) => (await import("./env.ts")).openEnvStore(location, world),
  },
  keyset: {
    summary: "a file of digests, for a server without a store; read-only",
    open: async (location, world) => (await import("./keyset.ts")).openKeysetStore(location, world),
  },
  memory: {
    summary: "nothing is persisted; for tests",
    open: async (location) => (await import("./memory.ts")).openMemoryStore(location),
  },
} satisfies Record<string, StoreDriver>;

export type StoreScheme = keyof typeof stores;

/** A spec, for example `file:/srv/keys.jsonl`, split at its first colon. */
export interface StoreSpec {
  readonly scheme: StoreScheme;
  /** The part after the colon. May be empty. */
  readonly location: string;
}

/**
 * Parses a store spec: `<scheme>:<location>`.
 * @throws {@link KeysError} `USAGE` for a bare path or an unknown scheme; the hint lists the schemes
 */
export function parseStoreSpec(text: string): StoreSpec {
  const colon = text.indexOf(":");
  const named = text.slice(0, Math.max(colon, 0));
  // Both are common for the address of a database.
  const scheme = named === "postgresql" ? "postgres" : named;
  if (isScheme(scheme)) return { scheme, location: text.slice(colon + 1) };
  // Quotes only the scheme, because the rest may be a connection string with a password.
  const what = /^[a-z][a-z0-9+.-]+$/i.test(scheme)
    ? `there is no store ${scheme}:`
    : "a store spec starts with a scheme and a colon";
  const choices = Object.keys(stores).map((each) => `${each}:`);
  throw new KeysError("USAGE", what, {
    hint: `choose one of ${choices.join(" ")}, for example --store file:./keys.jsonl`,
  });
}

function isScheme(text: string): text is StoreScheme {
  return Object.hasOwn(stores, text);
}

/**
 * Opens the store for a spec. Writes nothing.
 * @throws {@link KeysError} `USAGE` like {@link parseStoreSpec}, and the errors of the driver
 */
export async function openStore(spec: string, world: StoreWorld): Promise<KeyStore> {
  const { scheme, location } = parseStoreSpec(spec);
  return stores[scheme].open(location, world);
}
