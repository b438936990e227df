/** Statistics and tables for the benchmarks. */

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Prints rows under a heading, all columns but the first aligned to the right. */
export function printTable(title, heading, rows) {
  const all = [heading, ...rows].map((row) => row.map(String));
  const widths = heading.map((_, column) => Math.max(...all.map((row) => row[column].length)));
  const line = (row) => row.map((text, i) => (i === 0 ? text.padEnd(widths[i]) : text.padStart(widths[i]))).join("  ");
  console.log(`\n${title}\n${all.map(line).join("\n")}`);
}

/** Runs every case once per round, in random order, so noise affects all cases equally. */
export async function interleave(cases, rounds) {
  const series = new Map(cases.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const { name, run } of shuffle(cases)) series.get(name).push(await run());
  }
  return series;
}

function shuffle(items) {
  const rest = [...items];
  const order = [];
  while (rest.length > 0) order.push(...rest.splice(Math.floor(Math.random() * rest.length), 1));
  return order;
}
