import { cmd } from "./cmd.ts";
import { docker } from "./docker.ts";
import { dotenv } from "./dotenv.ts";
import { fish } from "./fish.ts";
import type { Format } from "./format.ts";
import { githubActions } from "./github-actions.ts";
import { json } from "./json.ts";
import { kubernetes } from "./kubernetes.ts";
import { nushell } from "./nushell.ts";
import { powershell } from "./powershell.ts";
import { shell } from "./shell.ts";
import { systemd } from "./systemd.ts";
import { token } from "./token.ts";

/**
 * Every format by name, in the order of `--help`.
 * @example
 * ```ts
 * import { formats, Secret } from "mcp-keys";
 *
 * const token = new Secret("mcp_7Fq2x9Lm0aBc_…");
 * formats.shell.render({ token, envName: "MCP_API_KEY" }); // "export MCP_API_KEY='mcp_7Fq2x9Lm0aBc_…'\n"
 * ```
 */
export const formats = {
  // To add one: a file next to this one, a line here, and a reader in test/formats/readers.ts that reads the token back.
  token,
  shell,
  fish,
  powershell,
  cmd,
  nushell,
  dotenv,
  json,
  docker,
  systemd,
  kubernetes,
  "github-actions": githubActions,
} as const satisfies Record<string, Format>;

/**
 * The name of a format, as for `--format`.
 * @example
 * ```ts
 * import type { FormatName } from "mcp-keys";
 *
 * const format: FormatName = process.platform === "win32" ? "powershell" : "shell";
 * ```
 */
export type FormatName = keyof typeof formats;

/**
 * Checks whether a string is the name of a format.
 * @example
 * ```ts
 * import { formats, isFormatName } from "mcp-keys";
 *
 * const name = process.argv[2] ?? "dotenv";
 * if (isFormatName(name)) console.log(formats[name].summary);
 * ```
 */
export function isFormatName(text: string): text is FormatName {
  return Object.hasOwn(formats, text);
}
