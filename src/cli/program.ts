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

/** The whole command line: every command of the registry below one program. */
export function buildProgram(open: () => Context): Command {
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
  for (const module of Object.values<CommandModule>(commands)) {
    const command = addGlobalFlags(module.build(open)).copyInheritedSettings(program);
    const examples = module.examples.map((example) => `  ${example}`).join("\n");
    program.addCommand(command.addHelpText("before", `Examples:\n${examples}\n`).showHelpAfterError(false));
  }
  return program.helpCommand("help [command]", "show the help of a command");
}

/** `rotate <key>`: that a command has flags goes without saying. */
function subcommandTerm(command: Command): string {
  return [command.name(), ...command.registeredArguments.map(term)].join(" ");
}

function term(argument: Argument): string {
  return argument.required ? `<${argument.name()}>` : `[${argument.name()}]`;
}
