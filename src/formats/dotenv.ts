import type { Format } from "./format.ts";
import { revealFor } from "./reveal.ts";

/**
 * A line of a `.env` file in single quotes, the only form that Node, the npm packages, Compose, python-dotenv and `source` read the
 * same way. They differ on `'` and `\` (an escape for some) and on `$` (python-dotenv and dotenv-expand expand it even in single
 * quotes), so those are refused.
 */
export const dotenv: Format = {
  summary: "a line for a .env file",
  render: ({ token, envName }) =>
    `${envName}='${revealFor("a .env file", token, ["a single quote", "a backslash", "a dollar sign"])}'\n`,
};
