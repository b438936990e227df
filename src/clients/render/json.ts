import type { ConfigValue } from "../client.ts";

/** Writes a value as JSON over several lines. */
export function renderJson(value: ConfigValue, unit = "  "): string {
  return JSON.stringify(value, null, unit);
}
