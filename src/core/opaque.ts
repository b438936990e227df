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

/**
 * Estimates how many random bits a text has, at the low end: its length times the bits of its apparent alphabet. Words count
 * little; repetitions, sequences (`aaaaa`, `12345`) and separators count nothing. A text that was made to look random is
 * estimated like a random one.
 */
export function estimateBits(text: string): number {
  const uuid = UUID.exec(text);
  if (uuid !== null) return UUID_BITS[uuid[1] ?? ""] ?? 0;
  const plain = text.replace(/[^0-9A-Za-z]/g, "");
  if (/^[0-9]*$/.test(plain)) return Math.log2(10) * countFresh(plain);
  if (/^(?:[a-z]*|[A-Z]*|[A-Z]?[a-z]*(?:[A-Z][a-z]{2,})*)[0-9]*$/.test(plain)) return WORD_BITS * countFresh(plain);
  if (/^(?:[0-9a-f]*|[0-9A-F]*)$/.test(plain)) return 4 * countFresh(plain);
  const classes = [/[0-9]/, /[a-z]/, /[A-Z]/].map((each) => each.test(plain));
  // All three together look like base64, which uses the separators as digits.
  if (classes.every(Boolean)) return 6 * countFresh(text.replace(/[^0-9A-Za-z+/_-]/g, ""));
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

/** Counts the characters that neither complete a repetition nor continue a sequence. */
function countFresh(text: string): number {
  const seen = new Set<string>();
  let run = 0;
  let step = 0;
  let fresh = 0;
  for (let i = 0; i < text.length; i++) {
    const part = text.slice(Math.max(0, i + 1 - REPEAT), i + 1);
    const by = i === 0 ? NaN : text.charCodeAt(i) - text.charCodeAt(i - 1);
    run = Math.abs(by) <= 1 && by === step ? run + 1 : 1;
    step = by;
    if (run < REPEAT - 1 && !(part.length === REPEAT && seen.has(part))) fresh++;
    seen.add(part);
  }
  return fresh;
}
