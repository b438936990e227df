import type { Format } from "./format.ts";
import { revealFor } from "./reveal.ts";

/**
 * An `export` line for sh, bash, zsh and dash. In single quotes, only the quote itself is special.
 * @see POSIX.1-2024, Shell Command Language 2.2.2
 */
export const shell: Format = {
  summary: 'sh, bash, zsh, dash: eval "$(mcp-keys … --format shell)"',
  render: ({ token, envName }) =>
    `export ${envName}='${revealFor("a shell", token).replaceAll("'", String.raw`'\''`)}'\n`,
};
