import { digestToken, type Digest } from "./digest.ts";
import type { KeyId } from "./key.ts";
import { BASE62, ID_LENGTH, parseToken } from "./token.ts";

/** The prefix of a key with imported tokens or digests: its tokens need not contain the key's id. */
export const OPAQUE_PREFIX = "opaque";

/** The least number of random bits, as estimated by {@link estimateBits}, that an imported token must have. */
export const MIN_OPAQUE_BITS = 128;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-([0-9a-f])[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
/** Random bits of a UUID by its version; other versions encode a time, a machine or a name. @see RFC 9562 section 5 */
const UUID_BITS: Readonly<Record<string, number>> = { "4": 122, "7": 74 };

/** English text has one to two bits per letter. */
const WORD_BITS = 2;
/** Shorter repetitions occur by chance in random hexadecimal. */
const REPEAT = 5;
/** One sequence or repetition of this many characters beyond {@link REPEAT} occurs by chance, so it still counts. */
const CHANCE = 2;
/** Rows and columns of a keyboard. */
const KEYBOARD = ["qwertyuiopasdfghjklzxcvbnm", "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p"];
const KEYBOARD_PARTS = KEYBOARD.flatMap((row) =>
  Array.from({ length: row.length - REPEAT + 1 }, (_, i) => row.slice(i, i + REPEAT)),
);
/** The most common pairs of letters in English: most of a word, and a seventh of a random text. */
const PAIRS = new Set(
  (
    "th he in er an re on at en nd ti es or te of ed is it al ar st to nt ng se ha as ou io le ve co me de hi ri ro ic ne ea ra ce li ch " +
    "ll be ma si om ur ca el ta la ns di fo ho pe ec pr no ct us ac ot il tr ly nc et ut ss so rs un lo wa ge ke ey pa rd mp my sw cr"
  ).split(" "),
);
/** The share of {@link PAIRS} above which a text is made of words. */
const WORDY = 0.5;

/**
 * Estimates how many random bits a text has, at the low end: its length times the bits of its apparent alphabet. Words count
 * little; repetitions, sequences (`aaaaa`, `12345`, `qwert`) and separators count nothing. A text that was made to look random is
 * estimated like a random one.
 */
export function estimateBits(text: string): number {
  const uuid = UUID.exec(text);
  if (uuid !== null) return UUID_BITS[uuid[1] ?? ""] ?? 0;
  const plain = text.replace(/[^0-9A-Za-z]/g, "");
  if (/^[0-9]*$/.test(plain)) return Math.log2(10) * countFresh(plain);
  if (/^(?:[a-z]*|[A-Z]*|[A-Z]?[a-z]*(?:[A-Z][a-z]{2,})*)[0-9]*$/.test(plain)) return WORD_BITS * countFresh(plain);
  if (/^(?:[0-9a-f]*|[0-9A-F]*)$/.test(plain)) return 4 * countFresh(plain);
  if (isWordy(plain)) return WORD_BITS * countFresh(plain.replace(/[0-9]/g, "")) + Math.log2(10) * digitsOf(plain);
  const classes = [/[0-9]/, /[a-z]/, /[A-Z]/].map((each) => each.test(plain));
  // Both cases look like base64, which uses the separators as digits.
  if (classes[1] === true && classes[2] === true) return 6 * countFresh(text.replace(/[^0-9A-Za-z+/_-]/g, ""));
  const size = [10, 26, 26].filter((_, i) => classes[i]).reduce((sum, each) => sum + each, 0);
  return Math.log2(size) * countFresh(plain);
}

/** Returns whether a token is in another format and has fewer random bits than {@link MIN_OPAQUE_BITS}, by estimate. */
export function isWeak(token: string): boolean {
  return !parseToken(token).ok && estimateBits(token) < MIN_OPAQUE_BITS;
}

/**
 * Returns the id of the key of an imported token: the id that the token carries, else one that is derived from it. It is the same in
 * every store. A derived id reveals 71 bits of the token's SHA-256, so a weak token must not have one: it could be guessed from a log.
 */
export function opaqueIdOf(token: string): KeyId {
  const parsed = parseToken(token);
  return parsed.ok ? parsed.id : opaqueIdFrom(digestToken(token));
}

/** Returns what {@link opaqueIdOf} returns for a token in another format, from its digest without a pepper. */
export function opaqueIdFrom(digest: Digest): KeyId {
  let rest = BigInt(`0x${digest.slice(-64)}`);
  let id = "";
  while (id.length < ID_LENGTH) {
    id += BASE62.charAt(Number(rest % 62n));
    rest /= 62n;
  }
  return id;
}

/** Returns whether the letters are mostly words. The start of a word in camel case is no pair. */
function isWordy(text: string): boolean {
  let pairs = 0;
  let common = 0;
  for (let i = 1; i < text.length; i++) {
    const pair = text.slice(i - 1, i + 1);
    if (!/^[A-Za-z]{2}$/.test(pair)) continue;
    pairs++;
    if (!/[a-z][A-Z]/.test(pair) && PAIRS.has(pair.toLowerCase())) common++;
  }
  return pairs >= 8 && common > WORDY * pairs;
}

function digitsOf(text: string): number {
  return text.replace(/[^0-9]/g, "").length;
}

/** Counts the characters that neither complete a repetition nor continue a sequence. Forgives {@link CHANCE} of them. */
function countFresh(text: string): number {
  const seen = new Set(KEYBOARD_PARTS);
  let run = 0;
  let step = 0;
  let fresh = 0;
  for (let i = 0; i < text.length; i++) {
    const part = text.slice(Math.max(0, i + 1 - REPEAT), i + 1).toLowerCase();
    const by = i === 0 ? NaN : text.charCodeAt(i) - text.charCodeAt(i - 1);
    run = Math.abs(by) <= 1 && by === step ? run + 1 : 1;
    step = by;
    if (run < REPEAT - 1 && !(part.length === REPEAT && seen.has(part))) fresh++;
    seen.add(part);
  }
  return Math.min(text.length, fresh + CHANCE);
}
