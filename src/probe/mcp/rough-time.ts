/** Describes a time for people: `40 seconds`, `8 minutes`. Rounds up. */
export function formatRoughTime(seconds: number): string {
  for (const [unit, size] of [
    ["second", 1],
    ["minute", 60],
  ] as const) {
    const number = Math.max(1, Math.ceil(seconds / size));
    if (number < 100 || unit === "minute") return `${String(number)} ${unit}${number === 1 ? "" : "s"}`;
  }
  return "";
}
