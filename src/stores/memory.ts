import { randomUUID } from "node:crypto";
import { KeysError } from "../errors.ts";
import { machineClock } from "../process/machine-clock.ts";
import { applyDraft, checkDraft } from "./draft.ts";
import { Followers } from "./followers.ts";
import { KeyMap, versionOf } from "./key-map.ts";
import type { Change, KeyStore } from "./store.ts";
import { Uses } from "./uses.ts";

/**
 * Opens a new, empty store that persists nothing. For tests, and for servers that get their keys from elsewhere.
 * @throws {@link KeysError} `USAGE` for a location
 */
export async function openMemoryStore(location = ""): Promise<KeyStore> {
  if (location !== "") {
    throw new KeysError("USAGE", "memory: takes no location", { hint: "use it alone: --store memory:" });
  }
  const keyMap = new KeyMap();
  const uses = new Uses();
  const followers = new Followers(machineClock().ticks);
  const history: Change[] = [];
  const epoch = randomUUID();
  let newest = 0;
  const wakes = new Set<() => void>();

  const store: KeyStore = {
    spec: "memory:",
    readOnly: false,
    async get(ref) {
      const key = keyMap.byId(ref) ?? keyMap.byName(ref);
      return key === null ? null : uses.fill(key);
    },
    async find(digest) {
      const key = keyMap.byDigest(digest);
      return versionOf(key === null ? null : uses.fill(key), digest);
    },
    async list() {
      return keyMap.list().map((key) => uses.fill(key));
    },
    async write(draft) {
      checkDraft(draft, keyMap, newest);
      const change = applyDraft(draft, history.length + 1);
      newest = Math.max(newest, change.at);
      keyMap.apply(change.keys);
      history.push(change);
      for (const wake of wakes) queueMicrotask(wake);
      return { ...change, epoch };
    },
    async position() {
      return { epoch, seq: history.length };
    },
    async snapshot() {
      return { epoch, seq: history.length, keys: await store.list() };
    },
    async *changes(since) {
      for (let i = since; i < history.length; i++) {
        const change = history[i];
        if (change !== undefined) yield change;
      }
    },
    async watch(wake) {
      const ownWake = () => {
        wake();
      };
      wakes.add(ownWake);
      return () => {
        wakes.delete(ownWake);
      };
    },
    async touch(batch, news = {}) {
      for (const use of batch) uses.add(use);
      uses.addNews(news);
    },
    async usage() {
      return uses.usage();
    },
    async forget(server) {
      return uses.forget(server);
    },
    async followers() {
      return followers.list();
    },
    async acknowledge(news) {
      followers.acknowledge(news);
    },
    async unfollow(id) {
      followers.unfollow(id);
    },
    async close() {
      wakes.clear();
    },
  };
  return store;
}
