import type { KeyObject } from "node:crypto";
import { FORGOTTEN, isWithheld, pepperIdOf, type Digest } from "../../core/digest.ts";
import { endOf, isUsable, type Lifetime } from "../../core/judge.ts";
import type { Epoch, Version } from "../../core/key.ts";
import { KeysError } from "../../errors.ts";
import { wordOfHash } from "./token-hash.ts";

/** Two cache lines. A cache miss takes half as long as a digest, so fields that are read together are adjacent. */
const RECORD_BYTES = 128;
/** Records in a chunk of 1 MiB. The system provides only the pages that are written. */
const CHUNK = 8192;
const DIGEST_BYTES = 32;
/** Offsets of a version's fields after the digest; `key-rows.ts` uses the others. NaN means that a time is absent. */
const [SHARED, OLDER, NEWEST, UNSAVED] = [11, 12, 13, 15] as const;
const [N, CREATED, EXPIRES, PROMOTED, RETIRES, USED] = [8, 9, 10, 11, 12, 13] as const;

/** Values of `UNSAVED`; at first, the version was not used here. */
const [NEVER, YES, NO] = [0, 1, 2] as const;

/** A run of records, viewed as bytes, as 32-bit and as 64-bit numbers. */
export interface Chunk {
  readonly bytes: Buffer;
  readonly view: DataView;
  readonly words: Int32Array;
  readonly numbers: Float64Array;
}

/** Returns the offset of a record in the `bytes` of its chunk. */
function byteOf(row: number): number {
  return (row & 8191) << 7;
}

/** Returns the offset of a record in the `words` of its chunk. */
export function wordOf(row: number): number {
  return (row & 8191) << 5;
}

/** Returns the offset of a record in the `numbers` of its chunk. */
export function numberOf(row: number): number {
  return (row & 8191) << 4;
}

/** The fields that many versions have in common. */
interface SharedVersionFields {
  readonly state: Version["state"];
  readonly reason: Version["reason"];
  /** The start of the digest: `sha256:` or `hmac-sha256:<pepperId>:`. */
  readonly scheme: string;
  /** `null` for a digest without a pepper, undefined if the pepper is unknown. */
  readonly pepper: KeyObject | null | undefined;
}

/** Reused by {@link VersionRows.endAt}. */
const LIFETIME: Mutable<Lifetime> = { state: "revoked", expiresAt: null, retiresAt: undefined };
/** Matches no token. */
const NO_DIGEST = "0".repeat(2 * DIGEST_BYTES);
const NO_FIELDS: SharedVersionFields = { state: "revoked", reason: undefined, scheme: "", pepper: undefined };

/**
 * Versions as fixed-width records outside the heap: growing copies nothing, and the garbage collector has nothing to scan.
 * Rows are numbered from 1; 0 means none. The versions of a key form a list, newest first.
 */
export class VersionRows {
  #count = 0;
  readonly #chunks: Chunk[] = [];
  readonly #shared: SharedVersionFields[] = [];
  readonly #peppers: ReadonlyMap<string, KeyObject>;

  constructor(peppers: ReadonlyMap<string, KeyObject>) {
    this.#peppers = peppers;
  }

  /** Adds a record of zeros and returns its row. */
  add(): number {
    const row = ++this.#count;
    if (row >> 13 === this.#chunks.length || this.#chunks.length === 0) {
      const memory = new ArrayBuffer(RECORD_BYTES * CHUNK);
      this.#chunks.push({
        bytes: Buffer.from(memory),
        view: new DataView(memory),
        words: new Int32Array(memory),
        numbers: new Float64Array(memory),
      });
    }
    return row;
  }

  chunkOf(row: number): Chunk {
    const chunk = this.#chunks[row >> 13];
    if (chunk === undefined) throw new KeysError("BUG", "the key index has no such row");
    return chunk;
  }

  /** Overwrites a row, but keeps a later time of use of the same version. */
  write(row: number, version: Version, older: number): void {
    const { bytes, words, numbers } = this.chunkOf(row);
    const word = wordOf(row);
    const number = numberOf(row);
    const used = numbers[number + N] === version.n ? (numbers[number + USED] ?? NaN) : NaN;
    const hex = isWithheld(version.digest) ? NO_DIGEST : version.digest.slice(-2 * DIGEST_BYTES);
    bytes.write(hex, byteOf(row), DIGEST_BYTES, "hex");
    words[word + OLDER] = older;
    words[word + SHARED] = this.#share(version);
    numbers[number + N] = version.n;
    numbers[number + CREATED] = version.createdAt;
    numbers[number + EXPIRES] = version.expiresAt ?? NaN;
    numbers[number + PROMOTED] = version.promotedAt ?? NaN;
    numbers[number + RETIRES] = version.retiresAt ?? NaN;
    numbers[number + USED] = used > (version.lastUsedAt ?? -1) ? used : (version.lastUsedAt ?? NaN);
  }

  read(row: number): Version {
    const { bytes, numbers } = this.chunkOf(row);
    const byte = byteOf(row);
    const number = numberOf(row);
    const { scheme, state, reason } = this.#sharedAt(row);
    const version: Mutable<Version> = {
      n: numbers[number + N] ?? 0,
      digest: scheme === FORGOTTEN ? scheme : ((scheme + bytes.toString("hex", byte, byte + DIGEST_BYTES)) as Digest),
      createdAt: numbers[number + CREATED] ?? 0,
      expiresAt: timeOf(numbers[number + EXPIRES]),
      state,
      lastUsedAt: timeOf(numbers[number + USED]),
    };
    const promotedAt = timeOf(numbers[number + PROMOTED]);
    const retiresAt = timeOf(numbers[number + RETIRES]);
    if (promotedAt !== null) version.promotedAt = promotedAt;
    if (retiresAt !== null) version.retiresAt = retiresAt;
    if (reason !== undefined) version.reason = reason;
    return version;
  }

  /** Returns when a version stops working: `Infinity` for never, `null` if it does not work at `now`. Creates no object. */
  endAt(row: number, now: Epoch): number | null {
    const { numbers } = this.chunkOf(row);
    const number = numberOf(row);
    LIFETIME.state = this.#sharedAt(row).state;
    LIFETIME.expiresAt = timeOf(numbers[number + EXPIRES]);
    LIFETIME.retiresAt = timeOf(numbers[number + RETIRES]) ?? undefined;
    return isUsable(LIFETIME, now) ? endOf(LIFETIME) : null;
  }

  /** The number of rows. */
  get count(): number {
    return this.#count;
  }

  /** Returns the newest version of the same key. */
  newestOf(row: number): number {
    return this.chunkOf(row).words[wordOf(row) + NEWEST] ?? 0;
  }

  setNewest(row: number, newest: number): void {
    this.chunkOf(row).words[wordOf(row) + NEWEST] = newest;
  }

  olderThan(row: number): number {
    return this.chunkOf(row).words[wordOf(row) + OLDER] ?? 0;
  }

  pepperOf(row: number): SharedVersionFields["pepper"] {
    return this.#sharedAt(row).pepper;
  }

  /** Compares a digest from {@link hashToken}, in constant time. */
  matches(row: number, digest: string): boolean {
    const { view } = this.chunkOf(row);
    const start = byteOf(row);
    let difference = digest.length ^ (DIGEST_BYTES / 2);
    for (let i = 0; i < DIGEST_BYTES / 4; i++) {
      difference |= view.getInt32(start + 4 * i, true) ^ wordOfHash(digest, i);
    }
    return difference === 0;
  }

  /** Returns whether two versions have the same digest, under any pepper. */
  areTwins(row: number, other: number): boolean {
    return this.#digestAt(row).equals(this.#digestAt(other));
  }

  /** Returns the same as the first {@link wordOfHash} for the digest of this version. */
  hashOf(row: number): number {
    return this.chunkOf(row).view.getInt32(byteOf(row), true);
  }

  #digestAt(row: number): Buffer {
    return this.chunkOf(row).bytes.subarray(byteOf(row), byteOf(row) + DIGEST_BYTES);
  }

  /** Returns version `n` of the key whose newest version is `newest`; 0 if there is none. */
  rowOf(newest: number, n: number): number {
    let row = newest;
    while (row !== 0 && this.chunkOf(row).numbers[numberOf(row) + N] !== n) row = this.olderThan(row);
    return row;
  }

  /** Returns when the overlap of a version ends; `null` if it is not in one. */
  overlapEnd(row: number): Epoch | null {
    return this.#sharedAt(row).state === "retiring" ? timeOf(this.chunkOf(row).numbers[numberOf(row) + RETIRES]) : null;
  }

  /**
   * Records a use, forward only; the first one here counts even if it is older than one of another server. Returns whether it is the
   * first since {@link VersionRows.takeUse}.
   */
  use(row: number, at: Epoch): boolean {
    const { words, numbers } = this.chunkOf(row);
    const used = numberOf(row) + USED;
    const unsaved = wordOf(row) + UNSAVED;
    const before = words[unsaved];
    if (before !== NEVER && (numbers[used] ?? NaN) >= at) return false;
    numbers[used] = at;
    words[unsaved] = YES;
    return before !== YES;
  }

  /** Returns the latest use and marks it as saved. */
  takeUse(row: number): { readonly n: number; readonly at: Epoch } {
    const { words, numbers } = this.chunkOf(row);
    const number = numberOf(row);
    words[wordOf(row) + UNSAVED] = NO;
    return { n: numbers[number + N] ?? 0, at: numbers[number + USED] ?? 0 };
  }

  #sharedAt(row: number): SharedVersionFields {
    return this.#shared[this.chunkOf(row).words[wordOf(row) + SHARED] ?? 0] ?? NO_FIELDS;
  }

  #share({ digest, state, reason }: Version): number {
    const withheld = isWithheld(digest);
    const scheme = withheld ? FORGOTTEN : digest.slice(0, -2 * DIGEST_BYTES);
    // There are only a few: one for each pepper, state and reason.
    const known = this.#shared.findIndex(
      (each) => each.state === state && each.scheme === scheme && each.reason === reason,
    );
    if (known !== -1) return known;
    const pepperId = pepperIdOf(digest);
    // Without a pepper a row is not found, so the zeros of a withheld digest never match.
    const pepper = withheld ? undefined : pepperId === null ? null : this.#peppers.get(pepperId);
    return this.#shared.push({ scheme, state, reason, pepper }) - 1;
  }
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function timeOf(value = NaN): Epoch | null {
  return value >= 0 ? value : null;
}
