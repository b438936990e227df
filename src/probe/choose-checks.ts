import { suggest } from "../core/suggest.ts";
import { KeysError } from "../errors.ts";

interface Selection {
  readonly only?: readonly string[];
  readonly skip?: readonly string[];
}

/**
 * Returns the selected checks in running order. A name that ends in `*` matches every id with that prefix.
 * @throws {@link KeysError} `USAGE` for an unknown id, or if no check is left
 */
export function chooseChecks<T extends { readonly id: string }>(
  checks: readonly T[],
  { only = [], skip = [] }: Selection,
): T[] {
  const ids = checks.map(({ id }) => id);
  for (const name of [...only, ...skip]) {
    if (checks.some(({ id }) => matches(id, name))) continue;
    throw new KeysError("USAGE", `there is no check "${name}"`, {
      hint: `${suggest(name, ids)}list them with: mcp-keys test --list`,
    });
  }
  const chosen = checks.filter(
    ({ id }) =>
      (only.length === 0 || only.some((name) => matches(id, name))) && !skip.some((name) => matches(id, name)),
  );
  if (chosen.length > 0) return chosen;
  throw new KeysError("USAGE", "no check is left to run", {
    hint: "skip fewer checks with --skip, or select others with --only",
  });
}

function matches(id: string, name: string): boolean {
  return name.endsWith("*") ? id.startsWith(name.slice(0, -1)) : id === name;
}
