/** Formats a number with a noun: `1 tool`, `2 tools`. */
export function count(number: number, one: string): string {
  return `${String(number)} ${one}${number === 1 ? "" : "s"}`;
}
