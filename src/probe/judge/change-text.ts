import { BASE62 } from "../../core/token.ts";
import type { RandomText } from "../random-text.ts";

/** Places near an end that are tried. The last characters of an encoded key may not count. */
const REACH = 4;
/** Characters that servers show of the end of a key. */
const SHOWN = 3;
const DIGITS = "0123456789";
const LETTERS = "abcdefghijklmnopqrstuvwxyz";
const HEX = "0123456789abcdef";

/** Swaps two neighbours near the start, or replaces a character there. Returns several texts to choose from, the best first. */
export function changeStart(text: string): string[] {
  const places = Array.from({ length: REACH }, (_, i) => i);
  return [...places.map((at) => swapAt(text, at)), ...places.map((at) => replaceAt(text, at))];
}

/** Does the same as {@link changeStart} near the end. */
export function changeEnd(text: string): string[] {
  const places = Array.from({ length: REACH }, (_, i) => text.length - 1 - i);
  return [...places.map((at) => swapAt(text, at - 1)), ...changeLast(text)];
}

/** Replaces the last character, or the one before it. */
export function changeLast(text: string): string[] {
  return Array.from({ length: REACH }, (_, i) => replaceAt(text, text.length - 1 - i));
}

/**
 * Replaces the letters and digits between the half and the last quarter by random ones of their kind. Other characters stay. A server
 * that compares only the first half, or only the ends, accepts the result.
 */
export function changeMiddleOf(text: string, random: RandomText): string[] {
  const half = Math.ceil(text.length / 2);
  const end = Math.max(text.length - Math.max(Math.floor(text.length / 4), SHOWN), half + 1);
  const isHex = /^[0-9a-f]*$/i.test(text.replace(/-/g, ""));
  const middle = text.slice(half, end).replace(/[0-9A-Za-z]/g, (char) => otherThan(char, random, isHex));
  return [text.slice(0, half) + middle + text.slice(end), replaceAt(text, half)];
}

function otherThan(char: string, random: RandomText, isHex: boolean): string {
  const lower = char.toLowerCase();
  const kind = isHex ? HEX : DIGITS.includes(char) ? DIGITS : LETTERS;
  const drawn = BASE62.indexOf(random(1)) % kind.length;
  const other = kind.charAt(kind.charAt(drawn) === lower ? (drawn + 1) % kind.length : drawn);
  return char === lower ? other : other.toUpperCase();
}

function swapAt(text: string, at: number): string {
  return text.slice(0, at) + text.charAt(at + 1) + text.charAt(at) + text.slice(at + 2);
}

/** Replaces a character by one that is far from it in the alphabet, since neighbours may decode to the same bytes. */
function replaceAt(text: string, at: number): string {
  if (at < 0 || at >= text.length) return "";
  const digit = BASE62.indexOf(text.charAt(at));
  return text.slice(0, at) + BASE62.charAt((digit + 31) % BASE62.length) + text.slice(at + 1);
}
