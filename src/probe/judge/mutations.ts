import { Secret } from "../../core/secret.ts";
import { BASE62, formatToken, ID_LENGTH, parseToken, SECRET_LENGTH, type TokenParts } from "../../core/token.ts";
import type { RandomText } from "../random-text.ts";

/** A nearly valid key. */
export interface KeyMutation {
  /** Completes "your key with …" and identifies the mutation. Contains no secret. */
  readonly change: string;
  readonly key: Secret;
}

/**
 * Changes one character: the first, the middle one or the last. In our own format these are characters of the secret, with a
 * recomputed checksum, because a server may check that first; one more key has only its checksum changed.
 */
export function changeKey(key: Secret): KeyMutation[] {
  const token = parseOwnToken(key);
  const text = token?.secret ?? key.reveal();
  const last = text.length - 1;
  const places: Readonly<Record<string, number>> = { first: 0, middle: Math.floor(last / 2), last };
  const changed = Object.entries(places).map(([name, at]): [string, string] => [
    token === null ? `its ${name} character changed` : `the ${name} character of its secret changed`,
    build(token, changeAt(text, at)),
  ]);
  const whole = key.reveal();
  const checksum: [string, string] = ["its checksum changed", changeAt(whole, whole.length - 1)];
  return differing(key, token === null ? changed : [...changed, checksum]);
}

/** Cuts off a part of a key. Returns nothing for a key of one character. */
export function truncateKey(key: Secret): KeyMutation[] {
  const text = key.reveal();
  const half = Math.ceil(text.length / 2);
  return differing(key, [
    ["everything after its first character cut off", text.slice(0, 1)],
    ["its second half cut off", text.slice(0, half)],
    ["its last character cut off", text.slice(0, -1)],
    ["its first character cut off", text.slice(1)],
  ]);
}

/** Adds characters to a key. */
export function extendKey(key: Secret): KeyMutation[] {
  const text = key.reveal();
  return differing(key, [
    ["one more character at its end", `${text}0`],
    ["one more character at its start", `0${text}`],
    ["itself appended", `${text}${text}`],
  ]);
}

/** Swaps the case of every letter. Returns nothing for a key without letters. */
export function swapCase(key: Secret): KeyMutation[] {
  const swapped = key.reveal().replace(/[A-Za-z]/g, (letter) => {
    const lower = letter.toLowerCase();
    return letter === lower ? letter.toUpperCase() : lower;
  });
  return differing(key, [["its letters in the opposite case", swapped]]);
}

/** Replaces the id of a token in our format. Returns nothing for an opaque key. */
export function changeId(key: Secret, random: RandomText): KeyMutation[] {
  const token = parseOwnToken(key);
  if (token === null) return [];
  return differing(key, [["another id", formatToken({ ...token, id: random(ID_LENGTH) }).reveal()]]);
}

/**
 * Makes up a key in the same format: a token with the same prefix, or for an opaque key as many random characters after a prefix
 * such as `sk-live-`.
 */
export function createWrongKey(key: Secret, random: RandomText): Secret {
  const token = parseOwnToken(key);
  if (token !== null)
    return formatToken({ prefix: token.prefix, id: random(ID_LENGTH), secret: random(SECRET_LENGTH) });
  const text = key.reveal();
  const [prefix = ""] = /^(?:[A-Za-z]{1,12}[-_])*/.exec(text) ?? [];
  const kept = text.length - prefix.length < MIN_RANDOM ? "" : prefix;
  const rest = text.slice(kept.length).replace(/[0-9A-Za-z]/g, () => random(1));
  const made = `${kept}${rest}`;
  return new Secret(made === text ? `${kept}${random(SECRET_LENGTH)}` : made);
}

/** If fewer characters remain, the apparent prefix is treated as part of the secret. */
const MIN_RANDOM = 8;

type OwnToken = TokenParts & { readonly secret: string };

function parseOwnToken(key: Secret): OwnToken | null {
  const text = key.reveal();
  const parts = parseToken(text);
  if (!parts.ok) return null;
  const at = text.lastIndexOf("_") + 1;
  return { prefix: parts.prefix, id: parts.id, secret: text.slice(at, at + SECRET_LENGTH) };
}

function build(token: OwnToken | null, text: string): string {
  return token === null ? text : formatToken({ ...token, secret: text }).reveal();
}

/** Replaces a character by the next one of base62, or by the first if it is not base62. */
function changeAt(text: string, at: number): string {
  const digit = BASE62.indexOf(text.charAt(at));
  return `${text.slice(0, at)}${BASE62.charAt((digit + 1) % BASE62.length)}${text.slice(at + 1)}`;
}

function differing(key: Secret, made: readonly (readonly [change: string, text: string])[]): KeyMutation[] {
  const texts = made.map(([, text]) => text);
  const original = key.reveal();
  return made
    .filter(([, text], i) => text !== "" && text !== original && texts.indexOf(text) === i)
    .map(([change, text]) => ({ change, key: new Secret(text) }));
}
