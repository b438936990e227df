import { KeysError } from "../errors.ts";

/**
 * Refuses what would be passed over in silence: `scope: "x"` for `scopes: ["x"]` would leave a server open.
 * @throws {@link KeysError} `USAGE`
 */
export function checkOptionNames(where: string, options: object, known: readonly string[]): void {
  const stray = Object.keys(options).find((name) => !known.includes(name));
  if (stray === undefined) return;
  throw new KeysError("USAGE", `${where} has no option ${JSON.stringify(stray)}`, {
    hint: `its options are ${known.join(", ")}`,
  });
}

/** @throws {@link KeysError} `USAGE` for what is no positive number of seconds */
export function checkSeconds(name: string, value: unknown): void {
  if (typeof value === "number" && value > 0 && value <= 86_400) return;
  throw new KeysError("USAGE", `${name} is not a number of seconds`, { hint: "pass a number above 0, at most 86400" });
}
