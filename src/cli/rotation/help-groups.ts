import type { Command } from "commander";

/** Flags that most rotations do without, by their heading in the help. The others come first, under "Options:". */
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  "More about the delivery:": ["--format", "--env-name", "--merge", "--to-newline", "--deploy", "--grace"],
  "More about --verify:": ["--verify-all", "--header", "--old-token-env", "--patience", "--allow-http"],
  "Servers with a keyset (digests of your keys):": ["--publish", "--no-names", "--sign-with", "--base64url"],
  "Many keys and pipelines:": ["--all", "--tag", "--run-id"],
};

/** Groups the flags of `rotate` in its help: with this many, the usual ones would be hard to find. */
export function groupFlags(command: Command): Command {
  for (const [heading, flags] of Object.entries(GROUPS)) {
    for (const option of command.options) if (flags.includes(option.long ?? "")) option.helpGroup(heading);
  }
  return command;
}
