import { Command, type Argument } from "commander";
import { packageVersion } from "../package-version.ts";
import { commands } from "./commands/index.ts";
import type { CommandModule, Context } from "./context.ts";
import { addGlobalFlags } from "./flags.ts";

const EXIT_CODES = `Exit codes:
  0 done · 1 bug · 2 usage · 3 no such key · 4 token refused · 5 conflict or precondition
  6 store unavailable, locked or damaged · 7 server unreachable or not MCP
  8 the server's door is not shut · 130 interrupted
`;

/**
 * The whole command line: every command of the registry below one program.
 * @param argv - what will be parsed, when that is known: where it begins with a command no other is built, and only those
 * it names get the global flags. To build all of them takes longer than a command does.
 */
export function buildProgram(open: () => Context, argv?: readonly string[]): Command {
  const program = addGlobalFlags(
    new Command("mcp-keys")
      .description(
        "Real API keys for MCP servers: issue, rotate without an outage, verify, and prove the door is shut.",
      )
      .version(packageVersion, "--version", "print the version")
      .enablePositionalOptions()
      .configureHelp({ subcommandTerm })
      .showSuggestionAfterError()
      .addHelpText("after", `\n${EXIT_CODES}`),
  );
  for (const [name, module] of chooseCommands(argv)) {
    const top = module.build(open);
    const dress = (command: Command, line: string): void => {
      if (argv?.includes(name) !== false) addGlobalFlags(command);
      const examples = module.examples.filter((example) => `${example} `.startsWith(`${line} `));
      command.addHelpText("before", `Examples:\n${examples.map((example) => `  ${example}\n`).join("")}`);
      command.copyInheritedSettings(program).showHelpAfterError(false);
      for (const nested of command.commands) dress(nested, `${line} ${nested.name()}`);
    };
    dress(top, `mcp-keys ${name}`);
    program.addCommand(top);
  }
  return program.helpCommand("help [command]", "show the help of a command");
}

/** The program, its commands, and theirs. */
export function allCommands(program: Command): Command[] {
  return [program, ...program.commands.flatMap(allCommands)];
}

function chooseCommands(argv: readonly string[] = []): [name: string, module: CommandModule][] {
  const all = Object.entries<CommandModule>(commands);
  const chosen = all.filter(([name]) => name === argv[0]);
  return chosen.length > 0 ? chosen : all;
}

/** `rotate <key>`: that a command has flags goes without saying. */
function subcommandTerm(command: Command): string {
  return [command.name(), ...command.registeredArguments.map(term)].join(" ");
}

function term(argument: Argument): string {
  return argument.required ? `<${argument.name()}>` : `[${argument.name()}]`;
}
