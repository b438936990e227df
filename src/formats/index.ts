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
 * Every format, in the order of `--help`. To add one: a file beside this one, a line here, and in `test/formats` the reader
 * that gives the token back.
 */
export const formats = {
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

export type FormatName = keyof typeof formats;

/** Whether a text names a format. */
export function isFormatName(text: string): text is FormatName {
  return Object.hasOwn(formats, text);
}
