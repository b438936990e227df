import type { Format } from "./format.ts";
import { revealFor } from "./reveal.ts";

/**
 * A line of a `.env` file, in single quotes: the one form that node, the npm packages, Compose, python-dotenv and `source`
 * read alike. They part where the token holds `'` or `\` (an escape for some) or `$` (expanded by python-dotenv and
 * dotenv-expand even between single quotes), so those are refused.
 */
export const dotenv: Format = {
  summary: "a line for a .env file",
  render: ({ token, envName }) =>
    `${envName}='${revealFor("a .env file", token, ["a single quote", "a backslash", "a dollar sign"])}'\n`,
};
