import type { Variation } from "../mcp/variation.ts";

/** Headers by name, with the values to try. Values of one header are sent in different requests. */
export type HeaderTable = Readonly<Record<string, readonly string[]>>;

/** Returns one variation for each header and value, the first values first. */
export function headerVariations(table: HeaderTable): Variation[] {
  return inRounds(table, header);
}

/** Returns one variation for each parameter of the query and value, the first values first. */
export function queryVariations(table: HeaderTable): Variation[] {
  return inRounds(table, (name, value) => {
    const query = value === "" ? name : `${name}=${value}`;
    return { name: `the query ${query}`, query };
  });
}

/** Returns a table in which every name has every value, and the values of its own first. */
export function withValues(own: HeaderTable, values: readonly string[]): HeaderTable {
  const entries = Object.entries(own);
  return Object.fromEntries(entries.map(([name, first]) => [name, [...new Set([...first, ...values])]]));
}

function inRounds(table: HeaderTable, build: (name: string, value: string) => Variation): Variation[] {
  const most = Math.max(...Object.values(table).map(({ length }) => length));
  const rounds = Array.from({ length: most }, (_, round) => round);
  return rounds.flatMap((round) =>
    Object.entries(table).flatMap(([name, values]) => {
      const value = values[round];
      return value === undefined ? [] : [build(name, value)];
    }),
  );
}

/** Returns a variation that sets a header. */
export function header(name: string, value: string): Variation {
  const shown = value.length > 60 ? `${value.slice(0, 60)}…` : value;
  return { name: value === "" ? `an empty ${name}` : `${name}: ${shown}`, headers: { [name.toLowerCase()]: value } };
}

/** Returns a variation that leaves a header out. */
export function without(name: string): Variation {
  return { name: `no ${name}`, headers: { [name.toLowerCase()]: null } };
}
