import { createSecretKey, type KeyObject } from "node:crypto";
import type { Pepper } from "../../core/digest.ts";
import type { Epoch, Key, KeyId, Version } from "../../core/key.ts";
import { NO_ID } from "../../core/token.ts";
import type { Use } from "../../core/usage.ts";
import { Census } from "./census.ts";
import { KeysWithoutPepper } from "./keys-without-pepper.ts";
import { DigestSlots } from "./digest-slots.ts";
import { startEndingScan, type EndingScan } from "./ending-scan.ts";
import { KeyRows } from "./key-rows.ts";
import { VersionEnds } from "./version-ends.ts";
import { hashToken } from "./token-hash.ts";
import { VersionRows } from "./version-rows.ts";

/** How many found versions are cached. */
const CACHE_SIZE = 4096;

/** A version that was found, with its key. */
export interface FoundVersion {
  readonly key: Key;
  readonly version: Version;
  /** The row of the version in the index. */
  readonly row: number;
}

/**
 * Keys in memory, found by id and by digest. Takes under 250 bytes per key, so the objects are created when a version is
 * found. Includes tombstones: a refusal names its reason.
 */
export interface KeyIndex {
  /** How many keys have a version that can be found. */
  size(): number;
  /** The keys whose tokens cannot all be found, because a pepper was not passed. */
  readonly withoutPepper: KeysWithoutPepper;
  /** The versions that end within the next hour. */
  readonly ends: VersionEnds;
  /** Adds a key or replaces it. */
  put(key: Key): void;
  has(id: KeyId): boolean;
  get(id: KeyId): Key | null;
  /** Iterates over the enabled keys that have a version that works at `now`. The index must not change meanwhile. */
  workingKeys(now: Epoch): Iterable<Key>;
  /**
   * Finds the version of a token: first among the versions of the key whose id it carries, then by its digest alone. Makes one
   * digest, and one more for each pepper that other versions use.
   * @param text - the text that ends with the token; its id reads twice as fast there as in a slice
   * @param idAt - where in `text` the id starts, or {@link NO_ID}
   */
  find(token: string, text: string, idAt: number): FoundVersion | null;
  /** Records that a version was used, by its row. Returns whether this is the first use since {@link KeyIndex.takeUses}. */
  use(row: number, at: Epoch): boolean;
  /**
   * Starts a search for the enabled keys that work at `now` and no longer at `limit`.
   * @param most - how many to name; the others are only counted
   */
  scanEnding(limit: Epoch, now: Epoch, most: number): EndingScan;
  /** Starts to count the keys by their status at `now`. */
  census(now: Epoch): Census;
  /** Returns a key without its versions, and when the overlap of its version `n` ends; `null` if that is not in one. */
  overlapOf(id: KeyId, n: number): { readonly key: Key; readonly end: Epoch } | null;
  /** Returns the latest use of each version that was used since the last call. */
  takeUses(): Use[];
}

export function createKeyIndex(peppers: readonly Pepper[]): KeyIndex {
  const withoutPepper = new KeysWithoutPepper(peppers);
  const versions = new VersionRows(new Map(peppers.map(({ id, key }) => [id, createSecretKey(key, "utf8")])));
  const keys = new KeyRows(versions);
  const ends = new VersionEnds(versions, keys);
  const digests = new DigestSlots(versions);
  /** The peppers of the versions here; `null` for digests without one. */
  const usedPeppers = new Set<KeyObject | null>();
  /** The pepper of all versions here; undefined if they have several. */
  let onlyPepper: KeyObject | null | undefined;
  const cache = new Array<FoundVersion | undefined>(CACHE_SIZE).fill(undefined);
  /** The row last looked up in each cache slot. Cached on the second lookup, so one-off tokens create no garbage. */
  const lookedUp = new Int32Array(CACHE_SIZE);
  let unsaved: number[] = [];
  let size = 0;

  /** Returns the rows of a key's versions, oldest first. */
  const rowsOf = (newest: number): number[] => {
    const rows: number[] = [];
    for (let row = newest; row !== 0; row = versions.olderThan(row)) rows.push(row);
    return rows.reverse();
  };
  const readKey = (newest: number): Key =>
    keys.read(
      newest,
      rowsOf(newest).map((row) => versions.read(row)),
    );
  const isFindable = (row: number): boolean => versions.pepperOf(row) !== undefined;

  const read = (row: number): FoundVersion => {
    const slot = row & (CACHE_SIZE - 1);
    const wasLookedUp = lookedUp[slot] === row;
    const cached = wasLookedUp ? cache[slot] : undefined;
    if (cached?.row === row) return cached;
    const newest = versions.newestOf(row);
    const version = versions.read(row);
    const isOnly = newest === row && versions.olderThan(row) === 0;
    const all = isOnly ? [version] : rowsOf(newest).map((each) => (each === row ? version : versions.read(each)));
    const found = { key: keys.read(newest, all), version, row };
    if (wasLookedUp) cache[slot] = found;
    else lookedUp[slot] = row;
    return found;
  };

  /** Finds the version of a token by the id in it. */
  const rowById = (token: string, text: string, idAt: number): number => {
    let digest = "";
    let digestPepper: KeyObject | null | undefined;
    for (let row = idAt === NO_ID ? 0 : keys.findAt(text, idAt); row !== 0; row = versions.olderThan(row)) {
      const pepper = versions.pepperOf(row);
      if (pepper === undefined) continue;
      if (pepper !== digestPepper) digest = hashToken(token, (digestPepper = pepper));
      if (versions.matches(row, digest)) return row;
    }
    for (const pepper of usedPeppers) {
      const row = digests.find(pepper === digestPepper ? digest : hashToken(token, pepper), pepper);
      if (row !== 0) return row;
    }
    return 0;
  };

  return {
    // Not a getter: V8 looks up each property of an object literal that has one.
    size: () => size,
    withoutPepper,
    ends,
    put(key) {
      withoutPepper.put(key);
      const known = keys.find(key.id);
      const rows = rowsOf(known);
      if (rows.some(isFindable)) size--;
      for (const row of rows) {
        cache[row & (CACHE_SIZE - 1)] = undefined;
        digests.remove(row);
      }
      if (known !== 0) keys.remove(known);
      let newest = 0;
      let found = 0;
      key.versions.forEach((version, i) => {
        const row = rows[i] ?? versions.add();
        versions.write(row, version, newest);
        newest = row;
        const pepper = versions.pepperOf(row);
        if (pepper === undefined) return;
        found++;
        digests.add(row);
        usedPeppers.add(pepper);
        onlyPepper = usedPeppers.size === 1 ? pepper : undefined;
      });
      if (found > 0) size++;
      keys.add(newest, key);
      for (let row = newest; row !== 0; row = versions.olderThan(row)) {
        versions.setNewest(row, newest);
        ends.add(row);
      }
      // With fewer versions than before, the last rows are left over. None may pass for the newest one of a key.
      for (const row of rows.slice(key.versions.length)) versions.setNewest(row, newest);
    },
    has: (id) => keys.find(id) !== 0,
    get(id) {
      const newest = keys.find(id);
      return newest === 0 ? null : readKey(newest);
    },
    *workingKeys(now) {
      for (let row = 1; row <= versions.count; row++) {
        if (versions.newestOf(row) !== row || !keys.isEnabled(row)) continue;
        if (rowsOf(row).some((each) => versions.endAt(each, now) !== null)) yield readKey(row);
      }
    },
    find(token, text, idAt) {
      const pepper = onlyPepper;
      // The id only tells which pepper to try, and which of two versions with the same digest is meant.
      const needsId = pepper === undefined || digests.hasTwins;
      const row = needsId ? rowById(token, text, idAt) : digests.find(hashToken(token, pepper), pepper);
      return row === 0 ? null : read(row);
    },
    use: (row, at) => versions.use(row, at) && unsaved.push(row) === 1,
    scanEnding: (limit, now, most) => startEndingScan(versions, keys, { limit, now, most }),
    census: (now) => new Census(versions, keys, now),
    overlapOf(id, n) {
      const newest = keys.find(id);
      const row = versions.rowOf(newest, n);
      const end = row === 0 ? null : versions.overlapEnd(row);
      return end === null ? null : { key: keys.read(newest, []), end };
    },
    takeUses() {
      const rows = unsaved;
      unsaved = [];
      return rows.map((row) => ({ id: keys.idOf(versions.newestOf(row)), ...versions.takeUse(row) }));
    },
  };
}
