import type { KeyObject } from "node:crypto";
import { FORGOTTEN, isWithheld, pepperIdOf, type Digest } from "../core/digest.ts";
import type { Epoch } from "../core/key.ts";
import type { Version } from "../core/version.ts";
import type { Records } from "./records.ts";

const DIGEST_BYTES = 32;
/** The digest comes first, then words and numbers. NaN stands for what is absent or `null`. */
const [NEWEST, OLDER, KIND, UNSAVED] = [8, 9, 10, 11] as const;
const [N, CREATED, EXPIRES, PROMOTED, RETIRES, USED] = [6, 7, 8, 9, 10, 11] as const;
/** How many of the bytes of a record are a version's. */
export const VERSION_BYTES = 96;

/** What many versions have in common. */
export interface Kind {
  readonly state: Version["state"];
  readonly reason: Version["reason"];
  /** What stands before the digest: `sha256:` or `hmac-sha256:<pepperId>:`. */
  readonly scheme: string;
  /** `null` for a digest without a pepper; undefined when nobody gave the pepper. */
  readonly pepper: KeyObject | null | undefined;
}

/** What matches no token. */
const NO_DIGEST = "0".repeat(2 * DIGEST_BYTES);
const NO_KIND: Kind = { state: "revoked", reason: undefined, scheme: "", pepper: undefined };

/** Versions as records. Those of a key form a chain, the newest first; 0 ends it. */
export class VersionRows {
  readonly #records: Records;
  readonly #kinds: Kind[] = [];
  readonly #kindByText = new Map<string, number>();
  readonly #peppers: ReadonlyMap<string, KeyObject>;

  constructor(records: Records, peppers: ReadonlyMap<string, KeyObject>) {
    this.#records = records;
    this.#peppers = peppers;
  }

  /** Writes a version over what is there, except for a later time of use. */
  write(row: number, version: Version, older: number): void {
    const { bytes, words, numbers } = this.#records.chunkOf(row);
    const word = this.#records.startOf(row, 4);
    const number = this.#records.startOf(row, 8);
    const used = numbers[number + N] === version.n ? (numbers[number + USED] ?? NaN) : NaN;
    // Nothing is found by zeros, see `#kindOf`; what stood here before must not stay.
    const hex = isWithheld(version.digest) ? NO_DIGEST : version.digest.slice(-2 * DIGEST_BYTES);
    bytes.write(hex, this.#records.startOf(row, 1), DIGEST_BYTES, "hex");
    words[word + OLDER] = older;
    words[word + KIND] = this.#kindOf(version);
    numbers[number + N] = version.n;
    numbers[number + CREATED] = version.createdAt;
    numbers[number + EXPIRES] = version.expiresAt ?? NaN;
    numbers[number + PROMOTED] = version.promotedAt ?? NaN;
    numbers[number + RETIRES] = version.retiresAt ?? NaN;
    numbers[number + USED] = used > (version.lastUsedAt ?? -1) ? used : (version.lastUsedAt ?? NaN);
  }

  read(row: number): Version {
    const { bytes, numbers } = this.#records.chunkOf(row);
    const byte = this.#records.startOf(row, 1);
    const number = this.#records.startOf(row, 8);
    const { scheme, state, reason } = this.#kindAt(row);
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

  /** The newest version of the same key. */
  newestOf(row: number): number {
    return this.#records.chunkOf(row).words[this.#records.startOf(row, 4) + NEWEST] ?? 0;
  }

  setNewest(row: number, newest: number): void {
    this.#records.chunkOf(row).words[this.#records.startOf(row, 4) + NEWEST] = newest;
  }

  olderThan(row: number): number {
    return this.#records.chunkOf(row).words[this.#records.startOf(row, 4) + OLDER] ?? 0;
  }

  pepperOf(row: number): Kind["pepper"] {
    return this.#kindAt(row).pepper;
  }

  /** Looks at every byte, wherever the first difference is. `digest` has one byte a character, the fastest form to make. */
  matches(row: number, digest: string): boolean {
    const { bytes } = this.#records.chunkOf(row);
    const start = this.#records.startOf(row, 1);
    let difference = digest.length ^ DIGEST_BYTES;
    for (let i = 0; i < DIGEST_BYTES; i++) difference |= (bytes[start + i] ?? 0) ^ digest.charCodeAt(i);
    return difference === 0;
  }

  /** The same number as {@link hashDigest} of its digest. */
  hashOf(row: number): number {
    const { bytes } = this.#records.chunkOf(row);
    return bytes.readInt32LE(this.#records.startOf(row, 1));
  }

  /** Notes a use, forward only. Returns whether it is the first one since {@link VersionRows.takeUse}. */
  use(row: number, at: Epoch): boolean {
    const { words, numbers } = this.#records.chunkOf(row);
    const used = this.#records.startOf(row, 8) + USED;
    if ((numbers[used] ?? NaN) >= at) return false;
    numbers[used] = at;
    const unsaved = this.#records.startOf(row, 4) + UNSAVED;
    if (words[unsaved] === 1) return false;
    words[unsaved] = 1;
    return true;
  }

  /** What is to be saved about the use of a version, which from now on counts as saved. */
  takeUse(row: number): { readonly n: number; readonly at: Epoch } {
    const { words, numbers } = this.#records.chunkOf(row);
    const number = this.#records.startOf(row, 8);
    words[this.#records.startOf(row, 4) + UNSAVED] = 0;
    return { n: numbers[number + N] ?? 0, at: numbers[number + USED] ?? 0 };
  }

  #kindAt(row: number): Kind {
    return this.#kinds[this.#records.chunkOf(row).words[this.#records.startOf(row, 4) + KIND] ?? 0] ?? NO_KIND;
  }

  #kindOf({ digest, state, reason }: Version): number {
    const withheld = isWithheld(digest);
    const scheme = withheld ? FORGOTTEN : digest.slice(0, -2 * DIGEST_BYTES);
    const text = `${scheme} ${state} ${reason ?? ""}`;
    const known = this.#kindByText.get(text);
    if (known !== undefined) return known;
    const pepperId = pepperIdOf(digest);
    const pepper = withheld ? undefined : pepperId === null ? null : this.#peppers.get(pepperId);
    this.#kindByText.set(text, this.#kinds.length);
    return this.#kinds.push({ scheme, state, reason, pepper }) - 1;
  }
}

/** Of the first four bytes: any 32 bits of a digest are as random as others. */
export function hashDigest(digest: string): number {
  return (
    digest.charCodeAt(0) | (digest.charCodeAt(1) << 8) | (digest.charCodeAt(2) << 16) | (digest.charCodeAt(3) << 24)
  );
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function timeOf(value = NaN): Epoch | null {
  return value >= 0 ? value : null;
}
