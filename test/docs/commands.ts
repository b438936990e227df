import { CommanderError } from "commander";
import { allCommands, buildProgram } from "../../src/cli/program.ts";
import { KeysError } from "../../src/errors.ts";
import type { Page } from "./markdown.ts";

/** A command line of ours that a page shows. */
export interface Shown {
  /** `README.md:12`; without a line for what stands in the text. */
  readonly at: string;
  /** Begins with `mcp-keys`. */
  readonly line: string;
}

const NAME = /(?:npx )?(?<![\w./@-])(mcp-keys(?: |$)[^]*)/;

/** In blocks of a shell, in what follows `$ ` on a terminal, and in code spans. Pipes and the like end a command. */
export function commandsIn({ path, blocks, spans }: Page): Shown[] {
  const inBlocks = blocks.flatMap(({ lang, text, line }) =>
    text.split("\n").flatMap((each, i) => {
      const typed = lang === "console" ? /^\$ (.*)/.exec(each)?.[1] : lang === "sh" ? each : undefined;
      return ours(typed ?? "").map((command) => ({ at: `${path}:${line + i}`, line: command }));
    }),
  );
  return [...inBlocks, ...spans.flatMap((span) => ours(span).map((line) => ({ at: path, line })))];
}

function ours(text: string): string[] {
  // What stands in `$(…)` is a command of its own, and what stands in quotes is one word, whatever is in it.
  const parts = text.split(/\$\(|\)"?|\|\|?|&&|;|(?:^|\s)#\s/);
  return parts.flatMap((part) => {
    const command = NAME.exec(part.replace(/[<>] ?[\w./][^>\s]*(?=\s|$)/g, ""))?.[1]?.trim();
    return command === undefined || command === "mcp-keys" || command.includes("…") ? [] : [command];
  });
}

class Taken extends Error {}

/** What the command line says against it, without running it; `null` when it is taken. */
export async function faultOf(line: string): Promise<string | null> {
  const argv = words(line).slice(1);
  const program = buildProgram(() => {
    throw new Taken();
  }, argv);
  const silent = { writeOut: () => undefined, writeErr: () => undefined, outputError: () => undefined };
  for (const command of allCommands(program)) command.exitOverride().configureOutput(silent);
  try {
    await program.parseAsync(argv, { from: "user" });
    return null;
  } catch (error) {
    if (error instanceof Taken) return null;
    if (error instanceof CommanderError) return error.exitCode === 0 ? null : error.message;
    if (error instanceof KeysError) return error.message;
    throw error;
  }
}

/** As a shell splits them; a placeholder such as `<key>` is a word. `<command> --help` is about any command. */
function words(line: string): string[] {
  const split = [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(([, one, two, bare]) => one ?? two ?? bare ?? "");
  return split.map((word) => (word === "<command>" ? "list" : word));
}
