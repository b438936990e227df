import type { Format } from "./format.ts";
import { revealFor } from "./reveal.ts";

/**
 * A `set -gx` line for fish, where `\` and `'` are the two escapes between single quotes.
 * @see https://fishshell.com/docs/current/language.html#quotes
 */
export const fish: Format = {
  summary: "fish: mcp-keys … --format fish | source",
  render: ({ token, envName }) =>
    `set -gx ${envName} '${revealFor("fish", token).replaceAll(/[\\']/gu, String.raw`\$&`)}'\n`,
};
