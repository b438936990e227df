/** Other spellings of a unit, with the unit that we take and how many of it. The first pattern that matches counts. */
const SPELLINGS: readonly (readonly [spelling: RegExp, unit: string, factor: number])[] = [
  [/^(s|secs?|seconds?)$/i, "s", 1],
  [/^(m|mins?|minutes?)$/, "m", 1],
  [/^(h|hrs?|hours?)$/i, "h", 1],
  [/^(d|days?)$/i, "d", 1],
  [/^(w|wks?|weeks?)$/i, "w", 1],
  // An upper-case M is a month in ISO 8601.
  [/^(M|mo|mos|mon|mths?|months?)$/i, "d", 30],
  [/^(y|yrs?|years?)$/i, "d", 365],
];

/**
 * Returns the right form of a duration in a common other form, for the start of a hint: `for 1y write 365d; `. An empty text
 * if the form is not known.
 */
export function adviseDuration(text: string): string {
  const [, digits = "", word = ""] = /^\s*\+?\s*(\d{1,6})\s*([A-Za-z]*)\s*$/.exec(text) ?? [];
  if (digits === "") return "";
  if (word === "") return `add a unit, such as ${digits}d for days; `;
  const [, unit, factor] = SPELLINGS.find(([spelling]) => spelling.test(word)) ?? [];
  if (unit === undefined || factor === undefined) return "";
  const form = `${String(Number(digits) * factor)}${unit}`;
  return word === unit && !text.includes("+") && !/\s/.test(text.trim()) ? "" : `for ${text.trim()} write ${form}; `;
}
