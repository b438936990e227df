import { KeysError } from "../../errors.ts";

/** @throws {@link KeysError} `USAGE` for what is no positive number of seconds */
export function checkSeconds(name: string, value: unknown): void {
  if (typeof value === "number" && value > 0 && value <= 86_400) return;
  throw new KeysError("USAGE", `${name} is not a number of seconds`, { hint: "pass a number above 0, at most 86400" });
}
