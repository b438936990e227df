/**
 * The prefix of a key whose tokens are of another make, or are known by their digests alone: none of them need carry the key's
 * id. A key of ours with this prefix loses nothing by it but time.
 */
export const OPAQUE_PREFIX = "opaque";

/** A token that somebody else made must be this hard to guess, as far as can be told by looking at it. */
export const MIN_OPAQUE_BITS = 128;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-([0-9a-f])[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
/** Random bits of a UUID by its version; the others hold a time, a place or a name. @see RFC 9562 section 5 */
const UUID_BITS: Readonly<Record<string, number>> = { "4": 122, "7": 74 };

/** English runs at one to two bits a letter. */
const WORD_BITS = 2;
/** Shorter repetitions happen by chance in random hexadecimal. */
const REPEAT = 5;

/**
 * How many random bits a text can hold, estimated low: its length times the bits of the alphabet it seems to be drawn from.
 * Words count little; what repeats an earlier part or goes on counting (`aaaaa`, `12345`) and separators count nothing.
 * Nothing can tell a random text from one that somebody chose to look so.
 */
export function estimateBits(text: string): number {
  const uuid = UUID.exec(text);
  if (uuid !== null) return UUID_BITS[uuid[1] ?? ""] ?? 0;
  const plain = text.replace(/[^0-9A-Za-z]/g, "");
  if (/^[0-9]*$/.test(plain)) return Math.log2(10) * countFresh(plain);
  if (/^(?:[a-z]*|[A-Z]*|[A-Z]?[a-z]*(?:[A-Z][a-z]{2,})*)[0-9]*$/.test(plain)) return WORD_BITS * countFresh(plain);
  if (/^(?:[0-9a-f]*|[0-9A-F]*)$/.test(plain)) return 4 * countFresh(plain);
  const classes = [/[0-9]/, /[a-z]/, /[A-Z]/].map((each) => each.test(plain));
  // All three together look like base64, in which the separators are digits like the others.
  if (classes.every(Boolean)) return 6 * countFresh(text.replace(/[^0-9A-Za-z+/_-]/g, ""));
  const size = [10, 26, 26].filter((_, i) => classes[i]).reduce((sum, each) => sum + each, 0);
  return Math.log2(size) * countFresh(plain);
}

/** Characters that neither end a repetition of an earlier part nor go on a count. */
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
