import { Command, Help, type Argument, type Option } from "commander";
import { packageVersion } from "../package-version.ts";
import { commands } from "./commands/index.ts";
import type { CommandModule, Context } from "./context.ts";
import { addGlobalFlags } from "./flags.ts";

const EXIT_CODES = `Exit codes:
  0 done · 1 bug · 2 usage · 3 no such key · 4 token refused · 5 conflict or precondition
  6 store unavailable, locked or damaged, or output not writable
  7 server unreachable or not MCP · 8 the server lets in who it should not
  130 interrupted · 141 nothing reads standard output
`;

/**
 * Builds the command line: the program with every command of the registry.
 * @param argv - the words to parse, if known. When they start with a command, only that one is built and only named commands
 * get the global flags: building all of them takes longer than running one.
 */
export function buildProgram(open: () => Context, argv?: readonly string[]): Command {
  const program = addGlobalFlags(
    new Command("mcp-keys")
      .description(
        "API keys for MCP servers: issued, rotated with no downtime, checked on every request, and tested from the outside.",
      )
      .version(packageVersion, "-v, --version", "print the version")
      .enablePositionalOptions()
      .configureHelp({ subcommandTerm, groupItems, minWidthToWrap: 24 })
      .showSuggestionAfterError()
      .addHelpText("after", `\n${EXIT_CODES}`),
  );
  for (const [name, module] of chooseCommands(argv)) {
    const top = module.build(open);
    const complete = (command: Command, line: string): void => {
      if (argv?.includes(name) !== false) addGlobalFlags(command);
      const examples = module.examples.filter((example) => `${example} `.startsWith(`${line} `));
      command.addHelpText("before", `Examples:\n${examples.map((example) => `  ${example}\n`).join("")}`);
      command.copyInheritedSettings(program).showHelpAfterError(false);
      for (const nested of command.commands) complete(nested, `${line} ${nested.name()}`);
    };
    complete(top, `mcp-keys ${name}`);
    program.addCommand(top);
  }
  return program.helpCommand("help [command]", "show the help of a command");
}

/** Returns the arguments with `-V` and `version`, as in other programs, replaced by the flag. */
export function withVersionFlag(argv: readonly string[]): readonly string[] {
  return argv[0] === "-V" || argv[0] === "version" ? ["--version", ...argv.slice(1)] : argv;
}

/** Returns the arguments with `help rotate` replaced by `rotate --help`. */
export function withHelpFlag(argv: readonly string[]): readonly string[] {
  const at = argv.findIndex((word) => !word.startsWith("-"));
  // A store may have this name.
  if (argv[at] !== "help" || argv[at - 1] === "--store") return argv;
  return [...argv.filter((word) => word !== "help"), "--help"];
}

/** Returns the first word of the parsed line that names no command, and the commands that could be there; else `null`. */
export function unknownWord(command: Command): { word: string; known: string[] } | null {
  const [word] = command.args;
  if (word === undefined || word.startsWith("-") || command.commands.length === 0) return null;
  const next = command.commands.find((each) => each.name() === word);
  return next === undefined ? { word, known: command.commands.map((each) => each.name()) } : unknownWord(next);
}

/** Returns a command and all commands below it. */
export function allCommands(program: Command): Command[] {
  return [program, ...program.commands.flatMap(allCommands)];
}

const NESTED = ["store migrate", "uses import", "uses forget"];

/** Returns the command that shows the help for these words: `mcp-keys rotate --help`. */
export function helpLine(argv: readonly string[]): string {
  const at = argv.findIndex((word) => Object.hasOwn(commands, word));
  if (at < 0) return "mcp-keys --help";
  const line = NESTED.find((each) => each === `${String(argv[at])} ${String(argv[at + 1])}`) ?? String(argv[at]);
  return `mcp-keys ${line} --help`;
}

function chooseCommands(argv: readonly string[] = []): [name: string, module: CommandModule][] {
  const all = Object.entries<CommandModule>(commands);
  const chosen = all.filter(([name]) => name === argv[0]);
  return chosen.some(([, { needsProgram }]) => needsProgram !== true) ? chosen : all;
}

/** Returns `rotate <key>`, without commander's `[options]`: every command has options. */
function subcommandTerm(command: Command): string {
  return [command.name(), ...command.registeredArguments.map(argumentTerm)].join(" ");
}

/** Puts the flags of a command before the global ones, also if its only flag is `--help`. */
function groupItems<T extends Command | Option>(
  all: T[],
  visible: T[],
  groupOf: (item: T) => string,
): Map<string, T[]> {
  const groups = new Help().groupItems(all, visible, groupOf);
  const own = groups.get("Options:");
  return own === undefined ? groups : new Map([["Options:", own], ...groups]);
}

function argumentTerm(argument: Argument): string {
  return argument.required ? `<${argument.name()}>` : `[${argument.name()}]`;
}
