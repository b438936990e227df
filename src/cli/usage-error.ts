import type { CommanderError } from "commander";
import { KeysError } from "../errors.ts";
import { helpLine } from "./program.ts";

const COMMANDS = "list the commands with: mcp-keys --help";

/** Commander's messages in our words. The first pattern that matches counts. */
const REWORDED: readonly (readonly [pattern: RegExp, message: string])[] = [
  [
    /^too many arguments for '(.*)'\. Expected (\d+) arguments? but got (\d+)\.$/,
    "too many arguments for $1: expected $2, got $3",
  ],
  [/^option '(.*)' argument missing$/, "$1 needs a value"],
  [/^required option '(.*)' not specified$/, "$1 is required"],
  [/^option '(.*)' cannot be used with option '(.*)'$/, "$1 and $2 cannot be used together"],
  [/^option '(--[^ ]*).*' argument ('.*') is invalid$/, "$2 is not a valid value of $1"],
];

/**
 * Converts an error of the command line parser to ours.
 * @param argv - the words that were parsed
 */
export function toUsageError({ code, message }: CommanderError, argv: readonly string[]): KeysError {
  // Commander throws this without a command, and for `help <unknown command>`. The help itself is not shown.
  if (code === "commander.help") {
    const fault = argv.includes("help") ? "there is no help for this command" : "no command was given";
    return new KeysError("USAGE", fault, { hint: COMMANDS });
  }
  // Commander quotes the arguments, and one may be a token.
  const shown = message.replace(/^error: /, "").replace(/'[^']{33,}'/g, "'…'");
  const [fault = "", advice] = shown.split(/\n|\. (?=Allowed)/);
  const reworded = REWORDED.find(([pattern]) => pattern.test(fault));
  const usual = code === "commander.unknownCommand" ? COMMANDS : `see the usage with: ${helpLine(argv)}`;
  const hint = advice
    ?.replace(/^\((.*)\)$/, "$1")
    .replace(/^Allowed choices are (.*)\.$/, "choose one of $1")
    .replace(/^[A-Z]/, (letter) => letter.toLowerCase());
  return new KeysError("USAGE", reworded === undefined ? fault : fault.replace(...reworded), { hint: hint ?? usual });
}
