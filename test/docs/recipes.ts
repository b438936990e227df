import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createKeys, openStore } from "../../src/index.ts";
import { BIN, runProcess, type Ended } from "../e2e/process.ts";
import { parsePage, ROOT, type Page } from "./markdown.ts";

const STAND_INS = join(ROOT, "test/docs/stand-ins");

/** A token in any text. */
export const TOKEN = /mcp_\w{62}/;

/** A recipe of docs/delivering.md. */
export interface Recipe {
  readonly title: string;
  /** The lines of its `sh` block. */
  readonly lines: readonly string[];
  /** Its `js` block, by the name in its first line. */
  readonly files: Readonly<Record<string, string>>;
}

/** Returns the recipes of a page: its sections of level 3 with commands. */
export function recipesIn({ path, text }: Page): Recipe[] {
  return text
    .split(/^(?=### )/m)
    .slice(1)
    .map((part) => {
      const { blocks, sections } = parsePage(path, part);
      const named = blocks.flatMap(({ lang, text: code }) => {
        const name = /^\/\/ (\S+\.mjs)\n/.exec(code)?.[1];
        return lang === "js" && name !== undefined ? [[name, `${code}\n`] as const] : [];
      });
      const lines = blocks.filter(({ lang }) => lang === "sh").flatMap((block) => block.text.split("\n"));
      return { title: sections[0]!.title, lines, files: Object.fromEntries(named) };
    });
}

/** What a stand-in recorded: how it was called, or what it stored and in how many places other users could see that. */
type Entry =
  | { readonly call: string; readonly argv: readonly string[]; readonly env: Readonly<Record<string, string>> }
  | { readonly stored: string; readonly shownBy: readonly string[] };

/** A folder with a store, and with stand-ins for all programs of the recipes in front of `PATH`. */
export function createWorkspace({ files }: Recipe) {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), "mcp-keys-recipe-")));
  const spec = `file:${join(dir, "keys.jsonl")}`;
  mkdirSync(join(dir, "bin"));
  const program = (name: string, line: string): void => {
    writeFileSync(join(dir, "bin", name), `#!/bin/sh\nexec ${line} "$@"\n`);
    chmodSync(join(dir, "bin", name), 0o755);
  };
  program("mcp-keys", `'${process.execPath}' '${BIN}'`);
  program("sudo", "env");
  // The host is this machine.
  program("ssh", `sh -c 'shift; exec sh -c "$*"' ssh`);
  program("node", `'${process.execPath}'`);
  const standIns = readdirSync(STAND_INS).filter((name) => name !== "stand-in.js");
  for (const name of standIns) program(name.replace(".js", ""), `'${process.execPath}' '${join(STAND_INS, name)}'`);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);

  const record = (): Entry[] => {
    const path = join(dir, "record.jsonl");
    if (!existsSync(path)) return [];
    return readFileSync(path, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Entry);
  };
  return {
    dir,
    record,
    /**
     * Runs a line in `sh`.
     * @param fails - a command that fails in this run, such as `gh secret set`
     */
    run(line: string, fails?: string): Promise<Ended> {
      const PATH = `${join(dir, "bin")}:${process.env["PATH"] ?? ""}`;
      const env = { PATH, HOME: dir, MCP_KEYS_STORE: spec, STAND_IN: dir, STAND_IN_FAILS: fails };
      return runProcess("/bin/sh", ["-c", line], { cwd: dir, env });
    },
    /** The commands that ran so far, such as `gh secret set`. */
    calls: (): string[] => record().flatMap((entry) => ("call" in entry ? [entry.call] : [])),
    /** The values that the stand-ins keep, by name. */
    stored(): Map<string, string> {
      const folder = join(dir, "stored");
      const names = existsSync(folder) ? readdirSync(folder) : [];
      return new Map(names.map((name) => [decodeURIComponent(name), readFileSync(join(folder, name), "utf8")]));
    },
    /** The number of the version that a token belongs to, or why it is refused. */
    async versionOf(token: string): Promise<number | string> {
      const store = await openStore(spec);
      const verdict = await createKeys({ store }).check(token);
      await store.close();
      return verdict.ok ? verdict.version.n : verdict.reason;
    },
    async states(): Promise<string[]> {
      const store = await openStore(spec);
      const versions = (await store.get("ci"))?.versions ?? [];
      await store.close();
      return versions.map(({ state }) => state);
    },
  };
}

type Workspace = ReturnType<typeof createWorkspace>;

/**
 * Runs a line that delivers a token, and returns what is wrong with it: its exit status, what is stored, and each place where other users
 * or a log could see the token.
 * @param version - that must be stored, in one place
 */
export async function deliver(workspace: Workspace, line: string, version: number): Promise<string[]> {
  const before = workspace.stored();
  const { status, stdout, stderr } = await workspace.run(line);
  const faults = status === 0 ? [] : [`exit status ${String(status)}`];

  const changed = [...workspace.stored()].filter(([name, value]) => before.get(name) !== value);
  if (changed.length !== 1) faults.push(`stored in ${changed.length} places`);
  for (const [name, value] of changed) {
    const found = await workspace.versionOf(value);
    if (found !== version) faults.push(`${name} holds another text: ${String(found)}`);
  }

  if (TOKEN.test(stdout + stderr)) faults.push("the token is in the output");
  for (const entry of workspace.record()) {
    if ("stored" in entry) {
      if (entry.shownBy.length > 0) faults.push(`processes show the token: ${entry.shownBy.join(", ")}`);
      continue;
    }
    if (entry.argv.some((each) => TOKEN.test(each))) faults.push(`the token is in the arguments of ${entry.call}`);
    if (Object.values(entry.env).some((each) => TOKEN.test(each)))
      faults.push(`the token is a variable of ${entry.call}`);
  }
  return faults;
}
