import { crc32 } from "../../core/crc32.ts";
import { BASE62 } from "../../core/token.ts";
import type { RandomText } from "../random-text.ts";
import type { OwnShape } from "./key-shape.ts";

/** Characters of the secret that stay at its end. Servers show about as many in their lists of keys. */
const KEPT = 4;
/**
 * Changes of a character by some of its bits. From an `h`, every combination of them leads to a letter: `h` to `o` and `H` to `O`.
 */
const FLIPS = [0x01, 0x02, 0x04, 0x20] as const;
const FIRST = "h".charCodeAt(0);
const CRC_BITS = 32;

/** Changes of characters: the bits to flip in the first one, in the next byte those of the second one, and so on. */
type Changes = bigint;

/** A change, and the bits of the CRC that it flips. */
interface Effect {
  readonly flips: number;
  readonly changes: Changes;
}

/**
 * Changes a token's secret between its half and its end, and keeps its checksum. Only that part is wrong then: prefix, id, checksum,
 * length, the first half and the end are right.
 *
 * A CRC is linear: flipping a bit of a character flips the same bits of the CRC, whatever the other characters are. There are more such
 * bits than the CRC has, so Gaussian elimination finds some that undo the changes of the CRC.
 */
export function changeKeepingChecksum({ prefix, id, secret }: OwnShape, random: RandomText): string | null {
  const crc = (text: string): number => crc32(`${prefix}_${id}_${text}`);
  const from = Math.ceil(secret.length / 2);
  const to = secret.length - KEPT;
  const letters = Array.from(random(to - from), (digit) => letterOf(BASE62.indexOf(digit))).join("");
  const whole = (middle: string): string => secret.slice(0, from) + middle + secret.slice(to);
  const { flips, changes } = undo(crc(whole(letters)) ^ crc(secret), from, secret.length);
  return flips === 0 ? whole(applyTo(letters, changes)) : null;
}

/** Returns the changes of the characters from `from` on that flip these bits of the CRC, and the bits that are left. */
function undo(wanted: number, from: number, length: number): Effect {
  /** By their highest bit. */
  const known: (Effect | undefined)[] = [];
  const reduce = (effect: Effect): Effect => {
    let { flips, changes } = effect;
    for (let one = known[Math.clz32(flips)]; flips !== 0 && one !== undefined; one = known[Math.clz32(flips)]) {
      flips ^= one.flips;
      changes ^= one.changes;
    }
    return { flips, changes };
  };
  let found = 0;
  for (let at = from; at < length - KEPT && found < CRC_BITS; at++) {
    for (const bits of FLIPS) {
      const place = BigInt(8 * (at - from));
      const reduced = reduce({ flips: flipsOf(bits, length - 1 - at), changes: BigInt(bits) << place });
      if (reduced.flips === 0) continue;
      known[Math.clz32(reduced.flips)] = reduced;
      found++;
    }
  }
  return reduce({ flips: wanted, changes: 0n });
}

/** Returns the bits of the CRC that flip with these bits of a character before so many others. */
function flipsOf(bits: number, others: number): number {
  const rest = "\0".repeat(others);
  return crc32(String.fromCharCode(bits) + rest) ^ crc32(`\0${rest}`);
}

/** Returns one of the sixteen letters. */
function letterOf(index: number): string {
  return String.fromCharCode(
    FIRST ^ FLIPS.filter((_, i) => ((index >> i) & 1) === 1).reduce((sum, bits) => sum ^ bits, 0),
  );
}

function applyTo(text: string, changes: Changes): string {
  return Array.from(text, (char, at) => {
    const bits = Number((changes >> BigInt(8 * at)) & 0xffn);
    return String.fromCharCode(char.charCodeAt(0) ^ bits);
  }).join("");
}
