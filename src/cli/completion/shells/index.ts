import type { ShellName } from "../install.ts";
import { bash } from "./bash.ts";
import { fish } from "./fish.ts";
import { powershell } from "./powershell.ts";
import { zsh } from "./zsh.ts";

/**
 * The script of each shell. It passes the words up to the cursor on standard input, one per line, to `mcp-keys completion <shell>
 * --complete`: an argument would be visible in the process list. It gets lines of `value<Tab>description`, or one line `:files`, and
 * evaluates none of them.
 */
export const scripts: Readonly<Record<ShellName, string>> = { bash, zsh, fish, powershell };
