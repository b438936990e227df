import type { Format } from "./format.ts";
import { type CharacterClass, revealFor } from "./reveal.ts";

const REFUSED: CharacterClass[] = ["a double quote", "a percent sign", "an exclamation mark", "a non-ASCII character"];

/**
 * A `set` line for cmd.exe. Four kinds of characters are refused: `%` has different meanings in a file and when typed, `!` expands
 * with delayed expansion, `"` ends the quotes, and non-ASCII text depends on the code page.
 * @see https://learn.microsoft.com/windows-server/administration/windows-commands/set_1
 */
export const cmd: Format = {
  summary: "cmd.exe: for /f \"delims=\" %i in ('mcp-keys … --format cmd') do @%i",
  render: ({ token, envName }) => `set "${envName}=${revealFor("cmd.exe", token, REFUSED)}"\n`,
};
