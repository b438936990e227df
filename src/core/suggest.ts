/** More changes than this make another word. */
const MOST_CHANGES = 3;

/**
 * Returns `did you mean bob? ` for the start of a hint, or an empty text if no candidate is similar to the word.
 * @param candidates - the words that are allowed here
 */
export function suggest(word: string, candidates: readonly string[]): string {
  const ranked = candidates
    .map((candidate) => ({ candidate, changes: countChanges(word.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ candidate, changes }) => changes <= limitFor(word, candidate))
    .sort((a, b) => a.changes - b.changes);
  const best = ranked.filter(({ changes }) => changes === ranked[0]?.changes).map(({ candidate }) => candidate);
  const named = [...new Set(best)].slice(0, 3);
  if (named.length === 0) return "";
  return named.length === 1 ? `did you mean ${named.join("")}? ` : `did you mean one of ${named.join(", ")}? `;
}

/** Fewer than half of the characters may differ, so `ci` does not suggest `qa`. */
function limitFor(word: string, candidate: string): number {
  return Math.min(MOST_CHANGES, Math.ceil(Math.max(word.length, candidate.length) / 2) - 1);
}

/** Counts the characters to insert, remove, replace or swap with a neighbour (optimal string alignment distance). */
function countChanges(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > MOST_CHANGES) return Infinity;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (last[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row.push(
        Math.min(
          (last[j] ?? 0) + 1,
          (row[j - 1] ?? 0) + 1,
          replaced,
          swapped ? (beforeLast[j - 2] ?? 0) + 1 : Infinity,
        ),
      );
    }
    [beforeLast, last] = [last, row];
  }
  return last[b.length] ?? Infinity;
}
