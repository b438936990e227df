import { stat } from "node:fs/promises";
import { keysOf, originOf, type Keyset } from "../core/keyset/keyset.ts";
import { parseKeyset } from "../core/keyset/parse-keyset.ts";
import { parsePublicKeys } from "../core/keyset/signature.ts";
import { NO_USAGE } from "../core/usage.ts";
import { KeysError } from "../errors.ts";
import { watchFile } from "./journal/disk/watch.ts";
import { KeyMap, versionOf } from "./key-map.ts";
import { readKeysetFile, type KeysetContent } from "./keyset/keyset-file.ts";
import { createReporting } from "./keyset/report-file.ts";
import { parsePath } from "./location.ts";
import { Mutex } from "./mutex.ts";
import type { Change, KeyStore, StoreWorld } from "./store.ts";

const POLL_MS = 1_000;

/** The keyset in use. */
interface KeysetInUse {
  readonly keyset: Keyset;
  readonly keyMap: KeyMap;
  readonly fingerprint: string;
  /** Counts the replacements in this process: the position of a follower. A keyset's own `seq` may go back when its store changes. */
  readonly seq: number;
}

/**
 * Opens a read-only store with the keys of a keyset file, and follows the file when it is replaced. A keyset with a lower `seq` than
 * the one in use is ignored and reported, unless it comes from another store: a late pipeline must not bring revoked keys back.
 * A file that is missing, torn or invalid is a fault, and the keys in memory stay as they are.
 * @param location - a path; `~/` is the home folder
 * @throws {@link KeysError} `USAGE` without a path or for a bad `MCP_KEYS_KEYSET_PUBLIC_KEY`. On first use: `STORE_UNAVAILABLE`,
 *   `STORE_INSECURE`, `KEYSET_INVALID`.
 */
export async function openKeysetStore(location: string, { env, uid }: StoreWorld): Promise<KeyStore> {
  if (location === "") {
    throw new KeysError("USAGE", "keyset: needs a path", { hint: "add one: --store keyset:<path>" });
  }
  const path = parsePath(location, env);
  const publicKeys = parsePublicKeys(env["MCP_KEYS_KEYSET_PUBLIC_KEY"]);
  const file = { path, uid: publicKeys === null ? uid : null };
  const mutex = new Mutex();
  const reporters = new Set<(line: string) => void>();
  let loaded: KeysetInUse | null = null;
  let closed = false;

  const load = (): Promise<KeysetInUse> =>
    mutex.run(async () => {
      if (closed) throw new KeysError("STORE_UNAVAILABLE", `${path} is closed`, { hint: "open the store again" });
      const content = await readKeysetFile(file, loaded?.fingerprint ?? null);
      if (content === "unchanged" && loaded !== null) return loaded;
      const { text, fingerprint } = content as KeysetContent;
      const keyset = parseKeyset(text, { source: path, publicKeys });
      if (loaded !== null && isOlder(keyset, loaded.keyset)) {
        for (const report of reporters) report(describeOlder(path, keyset, loaded.keyset));
        loaded = { ...loaded, fingerprint };
      } else {
        loaded = { keyset, keyMap: mapOf(keyset), fingerprint, seq: loaded === null ? 0 : loaded.seq + 1 };
      }
      return loaded;
    });

  const refuse = async (): Promise<never> => {
    throw new KeysError("STORE_READ_ONLY", `${path} is a keyset and cannot be changed`, {
      hint: "change the store it was exported from, then run: mcp-keys export --keyset --store <that store>",
    });
  };
  return {
    spec: `keyset:${path}`,
    readOnly: true,
    path,
    get: async (ref) => {
      const { keyMap } = await load();
      return keyMap.byId(ref) ?? keyMap.byName(ref);
    },
    find: async (digest) => versionOf((await load()).keyMap.byDigest(digest), digest),
    list: async () => (await load()).keyMap.list(),
    position: async () => ({ epoch: "keyset", seq: (await load()).seq }),
    snapshot: async () => {
      const { seq, keyMap, keyset } = await load();
      return { epoch: "keyset", seq, keys: keyMap.list(), ...originOf(keyset) };
    },
    write: refuse,
    touch: refuse,
    usage: async () => NO_USAGE,
    report: createReporting(env, () => load()),
    async *changes(since) {
      const current = await load();
      if (current.seq > since) yield toChange(current);
    },
    watch: async (wake, report) => {
      if (report !== undefined) reporters.add(report);
      // Follows links, unlike the watch of a journal.
      const stop = await watchFile({ lstat: stat }, path, POLL_MS, wake);
      return () => {
        if (report !== undefined) reporters.delete(report);
        stop();
      };
    },
    close: async () => {
      closed = true;
    },
  };
}

/** Two epochs of a store do not count the same changes, so the time decides between them. */
function isOlder(keyset: Keyset, inUse: Keyset): boolean {
  if (keyset.store !== inUse.store) return false;
  const hasOther = keyset.epoch !== undefined && inUse.epoch !== undefined && keyset.epoch !== inUse.epoch;
  return hasOther ? Date.parse(keyset.at) < Date.parse(inUse.at) : keyset.seq < inUse.seq;
}

function describeOlder(path: string, { store, seq }: Keyset, inUse: Keyset): string {
  const news = `ignored ${path}: it has change ${String(seq)} of ${store}, and change ${String(inUse.seq)} is in use`;
  return `${news}; export it again, or restart the server to go back`;
}

function mapOf(keyset: Keyset): KeyMap {
  const keyMap = new KeyMap();
  keyMap.apply(keysOf(keyset));
  return keyMap;
}

/** A keyset has no history. A follower treats it like a compaction and takes the snapshot. */
function toChange({ keyset, keyMap, seq }: KeysetInUse): Change {
  return { op: "compact", seq, at: Date.parse(keyset.at) / 1000, by: "keyset", keys: keyMap.list() };
}
