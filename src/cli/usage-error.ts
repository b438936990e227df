import type { CommanderError } from "commander";
import { suggest } from "../core/suggest.ts";
import { KeysError } from "../errors.ts";
import { commands } from "./commands/index.ts";
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
  [/^option '(--[^ ]*).*' argument '(.*)' is invalid$/, '"$2" is not a valid value of $1'],
  [/^command-argument value '(.*)' is invalid for argument '(.*)'$/, '"$1" is not a valid $2'],
];

/** These read a token, so a stray argument may be one. */
const READS_TOKEN = /^too many arguments for (check|verify):/;
const STRAY_TOKEN =
  "a token is read from standard input or MCP_API_KEY; if this was one, it is now in the shell's history: " +
  "replace it with: mcp-keys rotate <key>";

/**
 * Converts an error of the command line parser to ours.
 * @param argv - the words that were parsed
 */
export async function toUsageError({ code, message }: CommanderError, argv: readonly string[]): Promise<KeysError> {
  // Commander throws this without a command, and for `help <unknown command>`. The help itself is not shown.
  if (code === "commander.help") {
    const topic = argv.includes("help") ? argv.slice(argv.indexOf("help") + 1).find(isWord) : undefined;
    if (topic === undefined) return new KeysError("USAGE", "no command was given", { hint: COMMANDS });
    return unknownCommand(topic, Object.keys(commands));
  }
  if (code === "commander.excessArguments") {
    const nested = await nestedCommands(argv);
    const word = argv.slice(1).find(isWord);
    if (nested.length > 0 && word !== undefined && !nested.includes(word)) return unknownCommand(word, nested);
  }
  // Commander quotes the arguments, and one may be a token.
  const shown = message.replace(/^error: /, "").replace(/'[^']{33,}'/g, "'…'");
  const [fault = "", advice] = shown.split(/\n|\. (?=Allowed)/);
  const reworded = REWORDED.find(([pattern]) => pattern.test(fault));
  const said = reworded === undefined ? fault : fault.replace(...reworded);
  return new KeysError("USAGE", said, { hint: hintOf(said, advice, code, argv) });
}

function hintOf(fault: string, advice: string | undefined, code: string, argv: readonly string[]): string {
  if (READS_TOKEN.test(fault)) return STRAY_TOKEN;
  if (fault === "unknown option '-v'") return "did you mean --verbose?";
  const choices = /^Allowed choices are (.*)\.$/.exec(advice ?? "")?.[1];
  if (choices !== undefined) {
    const value = /^"(.*)"/.exec(fault)?.[1] ?? "";
    return `${suggest(value, choices.split(", "))}choose one of ${choices}`;
  }
  if (advice !== undefined) return advice.replace(/^\((.*)\)$/, "$1").replace(/^[A-Z]/, (first) => first.toLowerCase());
  if (fault === "missing required argument 'shell'") return "name one, as in: mcp-keys completion bash";
  return code === "commander.unknownCommand" ? COMMANDS : `see the usage with: ${helpLine(argv)}`;
}

/** Returns the error for a word that names no command. */
export function unknownCommand(word: string, known: readonly string[]): KeysError {
  const shown = word.length > 32 ? "…" : word;
  return new KeysError("USAGE", `unknown command '${shown}'`, { hint: suggest(word, known).trim() || COMMANDS });
}

/** Returns the names of the commands below the one in the arguments. */
async function nestedCommands([name = ""]: readonly string[]): Promise<string[]> {
  const never = () => {
    throw new KeysError("BUG", "no command runs here");
  };
  if (!Object.hasOwn(commands, name)) return [];
  const module = await commands[name as keyof typeof commands].load();
  return module.build(never).commands.map((nested) => nested.name());
}

function isWord(text: string): boolean {
  return !text.startsWith("-");
}
