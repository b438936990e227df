/** Rows of the one table that `npm run bench` prints, and that docs/performance.md shows. */

/**
 * Describes one result. `peer` and `ours` are numbers in `unit`; `peer` and `ratio` may be missing.
 * @param goal - `>= 0.95` or `<= 250`. It is about the ratio where there is one, else about our number.
 */
export function row({ what, peer = null, ours, unit, ratio = null, goal = null }) {
  const text = (number) => (number === null ? "" : `${format(number)} ${unit}`.trim());
  const met = goal === null ? null : meets(ratio ?? ours, goal);
  return {
    what,
    peer: text(peer),
    ours: text(ours),
    ratio: ratio === null ? "" : format(ratio),
    goal: goal ?? "",
    met,
  };
}

/** Rounds to three digits, as a person reads them: `0.953`, `12.4`, `1,520`. */
export function format(number) {
  if (Number.isInteger(number)) return number.toLocaleString("en");
  if (Math.abs(number) >= 100) return Math.round(number).toLocaleString("en");
  return number.toPrecision(3);
}

/** Judges the number as it is printed: 0.8999 is 0.900. */
function meets(number, goal) {
  const [sign, limit] = goal.split(" ");
  const printed = Number(format(number).replaceAll(",", ""));
  return sign === ">=" ? printed >= Number(limit) : printed <= Number(limit);
}
