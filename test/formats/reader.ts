import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

/** A snippet and the variable it sets. */
export interface Snippet {
  readonly envName: string;
  readonly text: string;
}

/** Reads snippets and returns the value of each variable. */
export interface Reader {
  /** The program it needs, if that may be missing. */
  readonly needs?: string;
  read(snippets: readonly Snippet[]): Promise<Record<string, string | undefined>>;
}

const run = promisify(execFile);

/** A program that reads all snippets from one file and prints its environment like `env -0`. */
export function program(needs: string, args: (file: string) => readonly string[]): Reader {
  return {
    needs,
    read: async (snippets) => {
      const folder = await mkdtemp(join(tmpdir(), "mcp-keys-formats-"));
      try {
        const file = join(folder, "snippets");
        await writeFile(file, snippets.map(({ text }) => text).join(""));
        const env = { PATH: process.env["PATH"], HOME: folder, LC_ALL: "C.UTF-8" };
        const { stdout } = await run(needs, args(file), { env, encoding: "utf8" });
        return Object.fromEntries(stdout.split("\0").map((line) => line.split(/=(.*)/s)));
      } finally {
        await rm(folder, { recursive: true });
      }
    },
  };
}

/** A shell that evaluates the output of a command, as `--help` shows. */
export function evaluator(shell: string, flags: readonly string[] = []): Reader {
  return program(shell, (file) => [...flags, "-c", `eval "$(cat '${file}')"; env -0`]);
}

/** The parsing rule of a program that is not available here, taken from its source or manual: snippet → name and value. */
export function rule(parse: (text: string) => readonly [envName: string, value: string]): Reader {
  return { read: async (snippets) => Object.fromEntries(snippets.map(({ text }) => parse(text))) };
}

export async function isThere(name: string): Promise<boolean> {
  return run("sh", ["-c", 'command -v "$0"', name]).then(
    () => true,
    () => false,
  );
}
