import { createSecretKey, type KeyObject } from "node:crypto";
import { isWithheld, pepperIdOf, type Pepper } from "../../core/digest.ts";
import type { Epoch, Key, KeyId } from "../../core/key.ts";
import { OPAQUE_PREFIX } from "../../core/opaque.ts";
import type { Version } from "../../core/version.ts";
import type { Use } from "../../stores/store.ts";
import { KeyRows } from "./key-rows.ts";
import { Records } from "./records.ts";
import { Slots } from "./hash-slots.ts";
import { endingOf, hashDigest, hashKeyed, hashPlain, VersionRows } from "./version-rows.ts";

/** Of so many versions at most what was put together stays, for the next time. */
const RECENTS = 4096;

/** A version that was found, as it is now. */
export interface Held {
  readonly key: Key;
  readonly version: Version;
  /** What the index calls the version. */
  readonly row: number;
}

/** No version: the token's SHA-256 as {@link hashPlain} makes it, so that it need not be made again; empty where it was not made. */
export type Missed = string;

/**
 * Keys in memory, found by id and by digest; in under 250 bytes each, which is why they are put together anew whenever one
 * is found. Tombstones are in it, so that a refusal can say why.
 */
export interface KeyIndex {
  /** How many keys have a version that can be found. */
  readonly size: number;
  /** Peppers that versions name and nobody gave: their tokens cannot be recognised. */
  readonly unknownPeppers: ReadonlySet<string>;
  /** Adds a key, or replaces it. */
  put(key: Key): void;
  has(id: KeyId): boolean;
  /**
   * The version that a token is, of the key whose id it carries. No digest is made where there is no such key, nor where each
   * of its versions was seen with a token that ends otherwise.
   * @param at - where in `text` the id stands: cut out of it first, it would take twice as long to read
   */
  findById(token: string, text: string, at: number): Held | Missed;
  /**
   * Whether a token may be a version of a key whose id it does not carry, as one from `MCP_API_KEY_HASHES`: it is then to be
   * looked for by its digest.
   */
  readonly hasOthers: boolean;
  /**
   * The version that a token is, of any key, or null. Costs a digest, and one more for each pepper.
   * @param missed - what {@link KeyIndex.findById} gave
   */
  findByDigest(token: string, missed?: Missed): Held | null;
  /** Notes that a version was used, by its row. */
  use(row: number, at: Epoch): void;
  /** The latest use of each version that was used since the last call. */
  takeUses(): Use[];
}

/** @param carryIds - as `tokensCarryIds` of the store */
export function createKeyIndex(peppers: readonly Pepper[], carryIds = false): KeyIndex {
  const pepperKeys = new Map(peppers.map(({ id, key }) => [id, createSecretKey(key, "utf8")]));
  const unknownPeppers = new Set<string>();
  const records = new Records();
  const keys = new KeyRows(records);
  const versions = new VersionRows(records, pepperKeys);
  const digests = new Slots();
  const recents = new Array<Held | undefined>(RECENTS).fill(undefined);
  /** Who was asked for last in each place. Kept is who is asked for twice: the collector would carry about the others in vain. */
  const recentRows = new Int32Array(RECENTS);
  let hasOthers = !carryIds;
  let unsaved: number[] = [];
  let size = 0;

  /** The rows of a key's versions, oldest first. */
  const rowsOf = (newest: number): number[] => {
    const rows: number[] = [];
    for (let row = newest; row !== 0; row = versions.olderThan(row)) rows.push(row);
    return rows.reverse();
  };
  const isFindable = (row: number): boolean => versions.pepperOf(row) !== undefined;

  const hold = (row: number): Held => {
    const place = row & (RECENTS - 1);
    const isRecent = recentRows[place] === row;
    const recent = isRecent ? recents[place] : undefined;
    if (recent?.row === row) return recent;
    const newest = versions.newestOf(row);
    const version = versions.read(row);
    const isOnly = newest === row && versions.olderThan(row) === 0;
    const all = isOnly ? [version] : rowsOf(newest).map((each) => (each === row ? version : versions.read(each)));
    const held = { key: keys.read(newest, all), version, row };
    if (isRecent) recents[place] = held;
    else recentRows[place] = row;
    return held;
  };

  const rowByDigest = (digest: string, pepper: KeyObject | null): number => {
    const wanted = hashDigest(digest);
    for (let slot = digests.first(wanted); ; slot = digests.next(slot)) {
      const row = digests.at(slot);
      if (row === 0) return 0;
      if (digests.hashAt(slot) === wanted && versions.matches(row, digest) && versions.pepperOf(row) === pepper)
        return row;
    }
  };

  return {
    get size() {
      return size;
    },
    unknownPeppers,
    get hasOthers() {
      return hasOthers;
    },
    put(key) {
      hasOthers ||= key.prefix === OPAQUE_PREFIX;
      const known = keys.find(key.id);
      const rows = rowsOf(known);
      if (rows.some(isFindable)) size--;
      for (const row of rows) {
        recents[row & (RECENTS - 1)] = undefined;
        digests.remove(row, versions.hashOf(row));
      }
      if (known !== 0) keys.remove(known);
      let newest = 0;
      for (const [i, version] of key.versions.entries()) {
        const row = rows[i] ?? records.add();
        versions.write(row, version, newest);
        newest = row;
        if (isFindable(row)) digests.add(row, versions.hashOf(row));
        else if (!isWithheld(version.digest)) unknownPeppers.add(pepperIdOf(version.digest) ?? "");
      }
      keys.add(newest, key);
      const written = rowsOf(newest);
      for (const row of written) versions.setNewest(row, newest);
      if (written.some(isFindable)) size++;
    },
    has: (id) => keys.find(id) !== 0,
    findById(token, text, at) {
      let plain = "";
      let keyed = "";
      let pepper: KeyObject | null = null;
      const ending = endingOf(text);
      for (let row = keys.findAt(text, at); row !== 0; row = versions.olderThan(row)) {
        const own = versions.pepperOf(row);
        if (own === undefined || !versions.mayEnd(row, ending)) continue;
        if (own === null) {
          // Put together before the digest is made, which goes on while memory answers.
          const held = hold(row);
          if (plain === "") plain = hashPlain(token);
          if (!versions.matches(row, plain)) continue;
          versions.setEnding(row, ending);
          return held;
        }
        // A long history of one pepper costs one digest.
        if (own !== pepper) keyed = hashKeyed(token, (pepper = own));
        if (!versions.matches(row, keyed)) continue;
        versions.setEnding(row, ending);
        return hold(row);
      }
      return plain;
    },
    findByDigest(token, missed = "") {
      let row = rowByDigest(missed === "" ? hashPlain(token) : missed, null);
      for (const pepper of pepperKeys.values()) {
        if (row !== 0) break;
        row = rowByDigest(hashKeyed(token, pepper), pepper);
      }
      return row === 0 ? null : hold(row);
    },
    use(row, at) {
      if (versions.use(row, at)) unsaved.push(row);
    },
    takeUses() {
      const rows = unsaved;
      unsaved = [];
      return rows.map((row) => ({ id: keys.idOf(versions.newestOf(row)), ...versions.takeUse(row) }));
    },
  };
}
