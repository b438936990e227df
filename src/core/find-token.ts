import { parseToken } from "./token.ts";

/**
 * A token, or most of one: a prefix, an id give or take one character, and the start of a secret; or `_` and a secret with its
 * checksum, or both parts without the `_` between them. A token of GitHub looks
 * like the latter.
 */
const LIKE_OURS =
  /[a-z][a-z0-9_]{0,23}_([0-9A-Za-z]{11,13}_[0-9A-Za-z]{16,})|(?<!github_pat_[0-9A-Za-z]{22})_[0-9A-Za-z]{46,64}(?![0-9A-Za-z])/g;
/** Longer tails are not names, whatever their letters. */
const NAME_LIMIT = 48;

/** Tokens of other services that show by their start what they are. */
const FOREIGN =
  /(?<![0-9A-Za-z])(?:sk-(?=\S*\d)(?=\S*[A-Z])[\w-]{20,}|[rs]k_(?:live|test)_\w{16,}|gh[oprsu]_\w{30,}|github_pat_\w{22,}|glpat-[\w-]{20,}|xox[abeprs]-[\w-]{10,}|npm_\w{30,}|hf_\w{30,}|eyJ[\w-]{10,}\.eyJ[\w-]{10,})/;

/** Replaces each of our tokens. */
export function maskTokens(text: string): string {
  return text.replace(LIKE_OURS, (found: string, tail?: string) => (isToken(tail) ? "[secret]" : found));
}

/** The value of a header, unless it is a variable, and the password of a URL. */
const CREDENTIALS = /(?<=\b(?:Bearer|Basic)\s+)[^\s"'$]+|(?<=:\/\/[^\s/@:]*:)[^\s/@$]+(?=@)/gi;

/**
 * Replaces what is secret in a command that the user wrote: tokens, ours and those of other services, the values of `Authorization`
 * headers, and passwords in URLs. A shell puts the value of a variable into a command in double quotes.
 */
export function maskCommand(command: string): string {
  return maskTokens(command).replace(new RegExp(FOREIGN, "g"), "[secret]").replace(CREDENTIALS, "[secret]");
}

/**
 * Finds one of our tokens in a text, also a damaged one, or one with percent-encoded characters.
 * @returns the id of its key, `null` if a damaged token does not tell; `undefined` without a token
 */
export function findToken(text: string): string | null | undefined {
  // Most arguments. To compile the expression takes 0.2 ms.
  if (!text.includes("_") && !text.includes("%")) return undefined;
  for (const [found, tail] of unescaped(text).matchAll(LIKE_OURS)) {
    if (!isToken(tail)) continue;
    const parsed = parseToken(found);
    return parsed.ok ? parsed.id : null;
  }
  return undefined;
}

/** Returns whether a text contains a token: ours, or one of another service. */
export function containsToken(text: string): boolean {
  return findToken(text) !== undefined || isForeign(text);
}

/** Returns whether a text contains a token of another service. */
export function isForeign(text: string): boolean {
  return FOREIGN.test(text);
}

/** Tells a token from a name such as `acme_environments_continuousdelivery`, which is not random. */
function isToken(tail: string | undefined): boolean {
  if (tail === undefined || tail.length >= NAME_LIMIT) return true;
  return /[a-z]/.test(tail) && /[A-Z]/.test(tail) && /[0-9]/.test(tail);
}

function unescaped(text: string): string {
  return text.replace(/%([2-7][0-9A-Fa-f])/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
}
