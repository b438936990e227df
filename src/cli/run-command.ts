import { CommanderError, type Command } from "commander";
import type { Context } from "./context.ts";
import { readFlags } from "./flags.ts";
import { allCommands, buildProgram } from "./program.ts";
import type { GlobalFlags, OutputStream, Streams } from "./terminal/io.ts";
import { toUsageError, unknownCommand } from "./usage-error.ts";
import { withWaitValue } from "./wait.ts";

export { buildProgram };

interface Run {
  readonly context: () => Context;
  /** Called with the flags of the line, before the command runs. */
  open(flags: GlobalFlags): Promise<void>;
}

/**
 * Parses the words and runs their command.
 * @returns the help, if the words ask for it, else an empty text
 * @throws `KeysError` `USAGE`, and what the command throws
 */
export async function runCommand(
  argv: readonly string[],
  run: Run,
  { stdout, stderr }: Pick<Streams, "stdout" | "stderr">,
): Promise<string> {
  const program = await buildProgram(run.context, argv);
  // The caller reports commander's errors, in our format.
  let help = "";
  const configure = {
    writeOut: (text: string) => (help += text),
    writeErr: (text: string) => (help += text),
    outputError: () => undefined,
    // Commander would ask Node's streams, which take longer to create than the help.
    getOutHelpWidth: () => helpWidth(stdout),
    getErrHelpWidth: () => helpWidth(stderr),
    getOutHasColors: () => false,
    getErrHasColors: () => false,
  };
  for (const command of allCommands(program)) command.exitOverride().configureOutput(configure);
  program.hook("preAction", (_, command) => run.open(readFlags(command)));
  try {
    if (argv.length === 0) program.outputHelp();
    else await program.parseAsync([...withWaitValue(argv)], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode !== 0) throw await toUsageError(error, argv);
    // Commander shows the help of what it knows, and would exit with 0.
    const unknown = unknownWord(program);
    if (unknown !== null) throw unknownCommand(unknown.word, unknown.known);
  }
  return help;
}

/** Returns the line length of a terminal, or 80 for files and pipes. */
function helpWidth({ isTerminal, columns }: OutputStream): number {
  return isTerminal && columns > 0 ? columns : 80;
}

/** Returns the first word of the parsed line that names no command, and the commands that could be there; else `null`. */
function unknownWord(command: Command): { word: string; known: string[] } | null {
  const [word] = command.args;
  if (word === undefined || word.startsWith("-") || command.commands.length === 0) return null;
  const next = command.commands.find((each) => each.name() === word);
  return next === undefined ? { word, known: command.commands.map((each) => each.name()) } : unknownWord(next);
}
