import { BASE62, CHECKSUM_LENGTH, formatToken } from "../../core/token.ts";
import type { RandomText } from "../random-text.ts";
import type { OwnShape } from "./key-shape.ts";

/** Characters of the secret that stay at each end. Servers show about as many in their lists of keys. */
const KEPT = 4;

/**
 * Changes the middle of a token's secret and keeps its checksum. Only the middle is wrong then: prefix, id, checksum, length and both
 * ends are right.
 *
 * A CRC is linear: replacing a character flips the same bits of it, whatever the other characters are. Of more replacements than the CRC has
 * bits, some cancel each other out, and Gaussian elimination finds them.
 */
export function changeKeepingChecksum(token: OwnShape, random: RandomText): string | null {
  const { secret } = token;
  const crc = (text: string): number => crcOf(formatToken({ ...token, secret: text }).reveal());
  const before = crc(secret);
  /** By their highest bit: changes that were seen, and which replacements make them. */
  const seen = new Map<number, { readonly flips: number; readonly replaced: ReadonlyMap<number, string> }>();
  for (let at = KEPT; at < secret.length - KEPT; at++) {
    const char = otherThan(secret.charAt(at), random);
    let flips = crc(replaceAt(secret, at, char)) ^ before;
    let replaced: ReadonlyMap<number, string> = new Map([[at, char]]);
    for (let known = seen.get(Math.clz32(flips)); flips !== 0 && known !== undefined;) {
      flips ^= known.flips;
      replaced = symmetricDifference(replaced, known.replaced);
      known = seen.get(Math.clz32(flips));
    }
    if (flips !== 0) seen.set(Math.clz32(flips), { flips, replaced });
    else return replaceAll(secret, replaced);
  }
  return null;
}

/** Returns the CRC-32 that a token ends in. */
function crcOf(token: string): number {
  let crc = 0;
  for (const digit of token.slice(-CHECKSUM_LENGTH)) crc = crc * BASE62.length + BASE62.indexOf(digit);
  return crc | 0;
}

function otherThan(char: string, random: RandomText): string {
  const drawn = random(1);
  return drawn === char ? BASE62.charAt((BASE62.indexOf(char) + 1) % BASE62.length) : drawn;
}

/** A replacement that is made twice is not made. */
function symmetricDifference<T>(one: ReadonlyMap<number, T>, other: ReadonlyMap<number, T>): Map<number, T> {
  const difference = new Map(one);
  for (const [at, char] of other) if (!difference.delete(at)) difference.set(at, char);
  return difference;
}

function replaceAll(text: string, replaced: ReadonlyMap<number, string>): string {
  return Array.from(text, (char, at) => replaced.get(at) ?? char).join("");
}

function replaceAt(text: string, at: number, char: string): string {
  return text.slice(0, at) + char + text.slice(at + 1);
}
