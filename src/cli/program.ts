import { Command, Help, type Argument, type Option } from "commander";
import { packageVersion } from "../package-version.ts";
import { commands } from "./commands/index.ts";
import type { CommandEntry, Context } from "./context.ts";
import { addGlobalFlags } from "./flags.ts";

const EXIT_CODES = `Exit codes:
  0 done · 1 bug · 2 usage · 3 no such key · 4 token refused · 5 conflict or precondition
  6 store unavailable, locked or damaged, or output not writable
  7 server unreachable or not MCP · 8 the server lets in who it should not
  130 interrupted · 141 nothing reads standard output
`;

/**
 * Builds the command line: the program with every command of the registry.
 * @param argv - the words to parse, if known. Then only the commands among them are loaded, and a line that starts with a command
 * gets no others: building all of them takes longer than running one.
 */
export async function buildProgram(open: () => Context, argv?: readonly string[]): Promise<Command> {
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
  for (const [name, entry] of chooseCommands(argv)) {
    const isNamed = argv?.includes(name) !== false;
    program.addCommand(isNamed ? await loadCommand(program, name, entry, open) : describeCommand(name, entry));
  }
  return program.helpCommand("help [command]", "show the help of a command");
}

async function loadCommand(
  program: Command,
  name: string,
  { summary, load }: CommandEntry,
  open: () => Context,
): Promise<Command> {
  const module = await load();
  const complete = (command: Command, line: string): void => {
    addGlobalFlags(command);
    const shown = module.examples.filter((example) => `${example} `.startsWith(`${line} `));
    command.addHelpText("before", `Examples:\n${shown.map((example) => `  ${example}\n`).join("")}`);
    command.copyInheritedSettings(program).showHelpAfterError(false);
    for (const nested of command.commands) complete(nested, `${line} ${nested.name()}`);
  };
  const command = module.build(open).summary(summary);
  complete(command, `mcp-keys ${name}`);
  return command;
}

/** Returns a command for the list in `--help` only. */
function describeCommand(name: string, { operands, summary }: CommandEntry): Command {
  const command = new Command(name).summary(summary);
  return operands === "" ? command : command.arguments(operands);
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

function chooseCommands(argv: readonly string[] = []): [name: string, entry: CommandEntry][] {
  const all = Object.entries<CommandEntry>(commands);
  const first = all.filter(([name]) => name === argv[0]);
  return first.length > 0 ? first : all;
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
