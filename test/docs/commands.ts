import { CommanderError } from "commander";
import { allCommands, buildProgram } from "../../src/cli/program.ts";
import { KeysError } from "../../src/errors.ts";
import type { Page } from "./markdown.ts";

/** An `mcp-keys` command line on a page. */
export interface ShownCommand {
  /** `README.md:12`; without the line for a code span. */
  readonly at: string;
  /** Starts with `mcp-keys`. */
  readonly line: string;
}

const NAME = /(?:npx )?(?<![\w./@-])(mcp-keys(?: |$)[^]*)/;

/** Finds commands in `sh` blocks, after `$ ` in `console` blocks, and in code spans. A pipe or separator ends a command. */
export function commandsIn({ path, blocks, spans }: Page): ShownCommand[] {
  const inBlocks = blocks.flatMap(({ lang, text, line }) =>
    text.split("\n").flatMap((each, i) => {
      const typed = lang === "console" ? /^\$ (.*)/.exec(each)?.[1] : lang === "sh" ? each : undefined;
      return commandsOf(typed ?? "").map((command) => ({ at: `${path}:${line + i}`, line: command }));
    }),
  );
  return [...inBlocks, ...spans.flatMap((span) => commandsOf(span).map((line) => ({ at: path, line })))];
}

function commandsOf(text: string): string[] {
  // A pipe between single quotes belongs to the command of a flag.
  const quoted: string[] = [];
  const masked = text.replace(/'[^']*'/g, (each) => `'${quoted.push(each) - 1}'`);
  // `$(…)` contains a separate command; quotes make one word.
  const parts = masked.split(/\$\(|\)"?|\|\|?|&&|;|(?:^|\s)#\s/);
  return parts.flatMap((part) => {
    const line = part.replace(/[<>] ?[\w./][^>\s]*(?=\s|$)/g, "").replace(/'(\d+)'/g, (_, n) => quoted[Number(n)]!);
    const command = NAME.exec(line)?.[1]?.trim();
    return command === undefined || command === "mcp-keys" || command.includes("…") ? [] : [command];
  });
}

class Accepted extends Error {}

/** Parses a command line without running it. Returns the usage error, or `null`. */
export function faultOf(line: string): Promise<string | null> {
  return faultOfArguments(words(line).slice(1));
}

/** Does the same for arguments that a shell has split. */
export async function faultOfArguments(argv: readonly string[]): Promise<string | null> {
  const program = await buildProgram(() => {
    throw new Accepted();
  }, argv);
  const silent = { writeOut: () => undefined, writeErr: () => undefined, outputError: () => undefined };
  for (const command of allCommands(program)) command.exitOverride().configureOutput(silent);
  try {
    await program.parseAsync(argv, { from: "user" });
    return null;
  } catch (error) {
    if (error instanceof Accepted) return null;
    if (error instanceof CommanderError) return error.exitCode === 0 ? null : error.message;
    if (error instanceof KeysError) return error.message;
    throw error;
  }
}

/** Splits a line as a shell does; a placeholder such as `<key>` is a word. `<command>` becomes a real command. */
function words(line: string): string[] {
  const split = [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(([, one, two, bare]) => one ?? two ?? bare ?? "");
  return split.map((word) => (word === "<command>" ? "list" : word));
}
