import type { Format } from "./format.ts";
import { type CharacterClass, revealFor } from "./reveal.ts";

const REFUSED: CharacterClass[] = [
  "a double quote",
  "a percent sign",
  "an exclamation mark",
  "a character beyond ASCII",
];

/**
 * A `set` line for cmd.exe. `%` means one thing in a file and another when typed, `!` expands where delayed expansion is
 * on, `"` ends the quotes, and what is beyond ASCII depends on the code page: all four are refused.
 * @see https://learn.microsoft.com/windows-server/administration/windows-commands/set_1
 */
export const cmd: Format = {
  summary: "cmd.exe: for /f \"delims=\" %i in ('mcp-keys … --format cmd') do @%i",
  render: ({ token, envName }) => `set "${envName}=${revealFor("cmd.exe", token, REFUSED)}"\n`,
};
