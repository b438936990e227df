import { Secret } from "../../core/secret.ts";
import { BASE62, formatToken, ID_LENGTH, parseToken, SECRET_LENGTH, type TokenParts } from "../../core/token.ts";

/** A key that is nearly the right one. */
export interface KeyMutation {
  /** Completes "let in with your key …", and tells it from all others. Holds no secret. */
  readonly change: string;
  readonly key: Secret;
}

/** That many random characters of `[0-9A-Za-z]`. */
type Random = (length: number) => string;

/**
 * One character of it changed: the first, one in the middle, the last. In a token of ours those are characters of the secret,
 * with a checksum that fits, since a server may look at that first; then the checksum alone.
 */
export function changeKey(key: Secret): KeyMutation[] {
  const ours = parseOwnToken(key);
  const text = ours?.secret ?? key.reveal();
  const last = text.length - 1;
  const places: Readonly<Record<string, number>> = { first: 0, middle: Math.floor(last / 2), last };
  const changed = Object.entries(places).map(([name, at]): [string, string] => [
    ours === null ? `its ${name} character changed` : `the ${name} character of its secret changed`,
    build(ours, changeAt(text, at)),
  ]);
  const whole = key.reveal();
  const checksum: [string, string] = ["its checksum changed", changeAt(whole, whole.length - 1)];
  return differing(key, ours === null ? changed : [...changed, checksum]);
}

/** What is left when the rest is cut off; none of a key of one character. */
export function truncateKey(key: Secret): KeyMutation[] {
  const text = key.reveal();
  const half = Math.ceil(text.length / 2);
  return differing(key, [
    ["all but its first character cut off", text.slice(0, 1)],
    ["its second half cut off", text.slice(0, half)],
    ["its last character cut off", text.slice(0, -1)],
    ["its first character cut off", text.slice(1)],
  ]);
}

/** More than the key. */
export function extendKey(key: Secret): KeyMutation[] {
  const text = key.reveal();
  return differing(key, [
    ["a character more at its end", `${text}0`],
    ["a character more at its front", `0${text}`],
    ["itself once more behind it", `${text}${text}`],
  ]);
}

/** Every letter in the other case; none of a key without letters. */
export function swapCase(key: Secret): KeyMutation[] {
  const swapped = key.reveal().replace(/[A-Za-z]/g, (letter) => {
    const lower = letter.toLowerCase();
    return letter === lower ? letter.toUpperCase() : lower;
  });
  return differing(key, [["its letters in the other case", swapped]]);
}

/** The id of another key with this secret; none of a key that is no token of ours. */
export function changeId(key: Secret, random: Random): KeyMutation[] {
  const ours = parseOwnToken(key);
  if (ours === null) return [];
  return differing(key, [["another id", formatToken({ ...ours, id: random(ID_LENGTH) }).reveal()]]);
}

/**
 * A key of the same form that nobody issued: a token of ours of the same prefix; else as many random characters, with what
 * stands in front of the last separator of a prefix, such as `sk-live-`, left as it is.
 */
export function createWrongKey(key: Secret, random: Random): Secret {
  const ours = parseOwnToken(key);
  if (ours !== null) return formatToken({ prefix: ours.prefix, id: random(ID_LENGTH), secret: random(SECRET_LENGTH) });
  const text = key.reveal();
  const [prefix = ""] = /^(?:[A-Za-z]{1,12}[-_])*/.exec(text) ?? [];
  const kept = text.length - prefix.length < SHORTEST ? "" : prefix;
  const rest = text.slice(kept.length).replace(/[0-9A-Za-z]/g, () => random(1));
  const made = `${kept}${rest}`;
  return new Secret(made === text ? `${kept}${random(SECRET_LENGTH)}` : made);
}

/** With fewer characters to guess, a prefix is taken for part of what is secret. */
const SHORTEST = 8;

type Ours = TokenParts & { readonly secret: string };

function parseOwnToken(key: Secret): Ours | null {
  const text = key.reveal();
  const parts = parseToken(text);
  if (!parts.ok) return null;
  const at = text.lastIndexOf("_") + 1;
  return { prefix: parts.prefix, id: parts.id, secret: text.slice(at, at + SECRET_LENGTH) };
}

function build(ours: Ours | null, text: string): string {
  return ours === null ? text : formatToken({ ...ours, secret: text }).reveal();
}

/** The next character of base62 in its place; of one that is none, the first. */
function changeAt(text: string, at: number): string {
  const digit = BASE62.indexOf(text.charAt(at));
  return `${text.slice(0, at)}${BASE62.charAt((digit + 1) % BASE62.length)}${text.slice(at + 1)}`;
}

function differing(key: Secret, made: readonly (readonly [change: string, text: string])[]): KeyMutation[] {
  const texts = made.map(([, text]) => text);
  const known = key.reveal();
  return made
    .filter(([, text], i) => text !== "" && text !== known && texts.indexOf(text) === i)
    .map(([change, text]) => ({ change, key: new Secret(text) }));
}
