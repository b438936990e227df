import type { Format } from "./format.ts";
import { revealFor } from "./reveal.ts";

/**
 * A `set -gx` line for fish. In single quotes, only `\` and `'` need an escape.
 * @see https://fishshell.com/docs/current/language.html#quotes
 */
export const fish: Format = {
  summary: "fish: mcp-keys … --format fish | source",
  render: ({ token, envName }) =>
    `set -gx ${envName} '${revealFor("fish", token).replaceAll(/[\\']/gu, String.raw`\$&`)}'\n`,
};
