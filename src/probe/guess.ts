/** Of the smallest alphabet that has every character of an id: bits in each. */
const ALPHABETS: readonly (readonly [pattern: RegExp, letters: number])[] = [
  [/^[0-9]*$/, 10],
  [/^[0-9a-f-]*$/i, 16],
  [/^(?:[0-9A-Z_-]*|[0-9a-z_-]*)$/, 38],
];

/** Every visible character of ASCII. */
const ANY = 94;

/** How much of an id somebody has to guess who knows the one given before it: an upper bound, in bits. */
export function guessBits(before: string, id: string): number {
  const letters = ALPHABETS.find(([pattern]) => pattern.test(before + id))?.[1] ?? ANY;
  const differing = Array.from(id).filter((character, i) => character !== before[i]).length;
  return differing * Math.log2(letters);
}
