import { createHmac, hash, type KeyObject } from "node:crypto";
import { FORGOTTEN, isWithheld, pepperIdOf, type Digest } from "../../core/digest.ts";
import type { Epoch } from "../../core/key.ts";
import type { Version } from "../../core/version.ts";
import { byteOf, numberOf, wordOf, type Records } from "./records.ts";

const DIGEST_BYTES = 32;
/** In the word of notes: a use that is still to be saved. The other bits are the ending of the version's token, once it was seen. */
const UNSAVED = 1;
/**
 * The digest, the key's id, words, and then numbers: what a look-up reads lies together, and so does what a verdict reads.
 * NaN stands for what is absent or `null`.
 */
const [KIND, OLDER, NEWEST, NOTES] = [11, 12, 13, 15] as const;
const [N, CREATED, EXPIRES, PROMOTED, RETIRES, USED] = [8, 9, 10, 11, 12, 13] as const;

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
    const word = wordOf(row);
    const number = numberOf(row);
    const used = numbers[number + N] === version.n ? (numbers[number + USED] ?? NaN) : NaN;
    // Nothing is found by zeros, see `#kindOf`; what stood here before must not stay.
    const hex = isWithheld(version.digest) ? NO_DIGEST : version.digest.slice(-2 * DIGEST_BYTES);
    bytes.write(hex, byteOf(row), DIGEST_BYTES, "hex");
    words[word + OLDER] = older;
    words[word + KIND] = this.#kindOf(version);
    // The digest may be another's.
    words[word + NOTES] = (words[word + NOTES] ?? 0) & UNSAVED;
    numbers[number + N] = version.n;
    numbers[number + CREATED] = version.createdAt;
    numbers[number + EXPIRES] = version.expiresAt ?? NaN;
    numbers[number + PROMOTED] = version.promotedAt ?? NaN;
    numbers[number + RETIRES] = version.retiresAt ?? NaN;
    numbers[number + USED] = used > (version.lastUsedAt ?? -1) ? used : (version.lastUsedAt ?? NaN);
  }

  read(row: number): Version {
    const { bytes, numbers } = this.#records.chunkOf(row);
    const byte = byteOf(row);
    const number = numberOf(row);
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
    return this.#records.chunkOf(row).words[wordOf(row) + NEWEST] ?? 0;
  }

  setNewest(row: number, newest: number): void {
    this.#records.chunkOf(row).words[wordOf(row) + NEWEST] = newest;
  }

  olderThan(row: number): number {
    return this.#records.chunkOf(row).words[wordOf(row) + OLDER] ?? 0;
  }

  pepperOf(row: number): Kind["pepper"] {
    return this.#kindAt(row).pepper;
  }

  /** Looks at every byte, wherever the first difference is. `digest` as {@link hashPlain} makes it. */
  matches(row: number, digest: string): boolean {
    const { bytes } = this.#records.chunkOf(row);
    const start = byteOf(row);
    let difference = digest.length ^ (DIGEST_BYTES / 2);
    for (let i = 0; i < DIGEST_BYTES / 2; i++) {
      const byte = start + 2 * i;
      difference |= ((bytes[byte] ?? 0) | ((bytes[byte + 1] ?? 0) << 8)) ^ digest.charCodeAt(i);
    }
    return difference === 0;
  }

  /** Whether a token that ends so may be this version: unless one that ends otherwise was. Spares a digest. */
  mayEnd(row: number, ending: number): boolean {
    const seen = (this.#records.chunkOf(row).words[wordOf(row) + NOTES] ?? 0) & ~UNSAVED;
    return seen === 0 || seen === ending;
  }

  /** Notes how the token of a version ends. */
  setEnding(row: number, ending: number): void {
    const { words } = this.#records.chunkOf(row);
    const notes = wordOf(row) + NOTES;
    words[notes] = ending | ((words[notes] ?? 0) & UNSAVED);
  }

  /** The same number as {@link hashDigest} of its digest. */
  hashOf(row: number): number {
    const { bytes } = this.#records.chunkOf(row);
    return bytes.readInt32LE(byteOf(row));
  }

  /** Notes a use, forward only. Returns whether it is the first one since {@link VersionRows.takeUse}. */
  use(row: number, at: Epoch): boolean {
    const { words, numbers } = this.#records.chunkOf(row);
    const used = numberOf(row) + USED;
    if ((numbers[used] ?? NaN) >= at) return false;
    numbers[used] = at;
    const notes = wordOf(row) + NOTES;
    const before = words[notes] ?? 0;
    words[notes] = before | UNSAVED;
    return (before & UNSAVED) === 0;
  }

  /** What is to be saved about the use of a version, which from now on counts as saved. */
  takeUse(row: number): { readonly n: number; readonly at: Epoch } {
    const { words, numbers } = this.#records.chunkOf(row);
    const number = numberOf(row);
    const notes = wordOf(row) + NOTES;
    words[notes] = (words[notes] ?? 0) & ~UNSAVED;
    return { n: numbers[number + N] ?? 0, at: numbers[number + USED] ?? 0 };
  }

  #kindAt(row: number): Kind {
    return this.#kinds[this.#records.chunkOf(row).words[wordOf(row) + KIND] ?? 0] ?? NO_KIND;
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

/** Node makes it, only its types do not know: two bytes a character, the lower one first. */
const BY_TWO = "utf16le" as "binary";

/** The SHA-256 of a token: a text is the fastest form to make, and in this one there are the fewest characters to read. */
export function hashPlain(token: string): string {
  return hash("sha256", token, BY_TWO);
}

/** The same with a pepper. */
export function hashKeyed(token: string, pepper: KeyObject): string {
  return createHmac("sha256", pepper).update(token).digest(BY_TWO);
}

/**
 * The last six characters of a text, the checksum of a token, as a number for {@link VersionRows.mayEnd}: never 0, and even.
 * Tells no more of a token than that checksum does.
 */
export function endingOf(text: string): number {
  let ending = 0;
  for (let i = text.length - 6; i < text.length; i++) ending = Math.imul(ending, 62) + text.charCodeAt(i);
  return (ending << 2) | 2;
}

/** Of the first four bytes: any 32 bits of a digest are as random as others. */
export function hashDigest(digest: string): number {
  return digest.charCodeAt(0) | (digest.charCodeAt(1) << 16);
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function timeOf(value = NaN): Epoch | null {
  return value >= 0 ? value : null;
}
