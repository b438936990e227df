import { BASE62, CHECKSUM_LENGTH, formatToken } from "../../core/token.ts";
import type { RandomText } from "../random-text.ts";
import type { OwnShape } from "./key-shape.ts";

/** Characters of the secret that stay at its end. Servers show about as many in their lists of keys. */
const KEPT = 4;
/**
 * Changes of a character by some of its bits. From an `h`, every combination of them leads to a letter: `h` to `o` and `H` to `O`.
 */
const FLIPS = [0x01, 0x02, 0x04, 0x20] as const;
const FIRST = "h".charCodeAt(0);

/** Changes of characters: where → which bits. */
type Changes = ReadonlyMap<number, number>;

/**
 * Changes a token's secret between its half and its end, and keeps its checksum. Only that part is wrong then: prefix, id, checksum,
 * length, the first half and the end are right.
 *
 * A CRC is linear: flipping a bit of a character flips the same bits of the CRC, whatever the other characters are. There are more such
 * bits than the CRC has, so Gaussian elimination finds some that undo the changes of the CRC.
 */
export function changeKeepingChecksum(token: OwnShape, random: RandomText): string | null {
  const { secret } = token;
  const crc = (text: string): number => crcOf(formatToken({ ...token, secret: text }).reveal());
  const from = Math.ceil(secret.length / 2);
  const to = secret.length - KEPT;
  const letters = Array.from({ length: to - from }, () => letterOf(BASE62.indexOf(random(1))));
  const start = `${secret.slice(0, from)}${letters.join("")}${secret.slice(to)}`;
  const startCrc = crc(start);
  /** By their highest bit: bits of the CRC that can be flipped, and by which changes. */
  const known = new Map<number, { readonly flips: number; readonly changes: Changes }>();
  const reduce = (flips: number, changes: Changes): { flips: number; changes: Changes } => {
    for (let one = known.get(Math.clz32(flips)); flips !== 0 && one !== undefined;) {
      flips ^= one.flips;
      changes = combine(changes, one.changes);
      one = known.get(Math.clz32(flips));
    }
    return { flips, changes };
  };
  for (let at = from; at < to; at++) {
    for (const bits of FLIPS) {
      const change = new Map([[at, bits]]);
      const reduced = reduce(crc(applyTo(start, change)) ^ startCrc, change);
      if (reduced.flips !== 0) known.set(Math.clz32(reduced.flips), reduced);
    }
  }
  const { flips, changes } = reduce(startCrc ^ crc(secret), new Map());
  return flips === 0 ? applyTo(start, changes) : null;
}

/** Returns one of the sixteen letters. */
function letterOf(index: number): string {
  return String.fromCharCode(
    FIRST ^ FLIPS.filter((_, i) => ((index >> i) & 1) === 1).reduce((sum, bits) => sum ^ bits, 0),
  );
}

/** Returns the CRC-32 that a token ends in. */
function crcOf(token: string): number {
  let crc = 0;
  for (const digit of token.slice(-CHECKSUM_LENGTH)) crc = crc * BASE62.length + BASE62.indexOf(digit);
  return crc | 0;
}

/** A bit that is flipped twice is not flipped. */
function combine(one: Changes, other: Changes): Changes {
  const both = new Map(one);
  for (const [at, bits] of other) both.set(at, (both.get(at) ?? 0) ^ bits);
  return both;
}

function applyTo(text: string, changes: Changes): string {
  return Array.from(text, (char, at) => String.fromCharCode(char.charCodeAt(0) ^ (changes.get(at) ?? 0))).join("");
}
