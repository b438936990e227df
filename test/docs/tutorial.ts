import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BIN } from "../e2e/process.ts";
import { ROOT, type Page } from "./markdown.ts";

/** What running a tutorial gave: each command with its exit status, and all output. */
export interface TutorialRun {
  readonly steps: readonly string[];
  readonly output: string;
  /** What the server wrote to stderr. */
  readonly log: string;
}

/**
 * Runs a tutorial in one bash, in a new folder and home: writes the files that its `js` blocks name in their first line, and runs its
 * `sh` blocks in order. `node …` starts the server again; `npm` does nothing, because the packages are linked from this project.
 * @param ts - Returns the bash for the `ts` block with this text and number; such blocks are skipped by default.
 */
export async function runTutorial({ blocks }: Page, ts: TsBlock = () => ""): Promise<TutorialRun> {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), "mcp-keys-tutorial-")));
  const port = await freePort();
  linkPackages(join(dir, "node_modules"));
  for (const [name, line] of [
    ["npm", "exit 0"],
    ["npx", `shift; exec "${process.execPath}" "${BIN}" "$@"`],
    ["mcp-keys", `exec "${process.execPath}" "${BIN}" "$@"`],
  ] as const) {
    mkdirSync(join(dir, "bin"), { recursive: true });
    writeFileSync(join(dir, "bin", name), `#!/bin/sh\n${line}\n`);
    chmodSync(join(dir, "bin", name), 0o755);
  }
  let count = 0;
  const steps = blocks.map(({ lang, text }) => (lang === "ts" ? ts(text, count++) : toBash(lang, text)));
  const script = [FUNCTIONS, ...steps].join("\n");
  const child = spawn("bash", ["-c", script.replaceAll("127.0.0.1:3000", `127.0.0.1:${port}`)], {
    cwd: dir,
    env: { PATH: `${join(dir, "bin")}:${process.env["PATH"]}`, HOME: dir, PORT: String(port), TUTORIAL: dir },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 60_000,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  }
  await once(child, "close");
  const [log = "", ...rest] = output.split("@@log\n").reverse();
  const text = rest.reverse().join("");
  const ran = [...text.matchAll(/^@@ (\d+) (.*)$/gm)].map(([, status, line]) => `${line!} → ${status!}`);
  return { steps: ran, output: text, log };
}

type TsBlock = (text: string, index: number) => string;

/** Returns bash that writes a file. */
export function writeFile(name: string, text: string): string {
  return `cat > ${name} <<'END_OF_FILE'\n${text}\nEND_OF_FILE`;
}

const FUNCTIONS = `
serve() {
  stop; "$@" 2>> "$TUTORIAL/server.log" & server=$!
  for i in $(seq 200); do (exec 3<> /dev/tcp/127.0.0.1/$PORT) 2> /dev/null && return; sleep 0.05; done
}
stop() { [ -z "$server" ] || { kill $server; wait $server 2> /dev/null; server=; }; }
trap 'stop; echo "@@log"; cat "$TUTORIAL/server.log" 2> /dev/null' EXIT
`;

function toBash(lang: string, text: string): string {
  const file = /^\/\/ (\S+\.m?js)\n/.exec(text)?.[1];
  if (lang === "js" && file !== undefined) return writeFile(file, text);
  if (lang !== "sh") return "";
  return text
    .split("\n")
    .map((line) => {
      if (line.startsWith("node ")) return `serve ${line}`;
      if (line.startsWith("cd ") && !line.includes("mkdir")) return "";
      return /^(npx )?mcp-keys /.test(line) ? `${line}\nprintf '@@ %s %s\\n' $? '${shorten(line)}'` : line;
    })
    .join("\n");
}

/** `npx mcp-keys verify http://…/mcp < ci.key` as `verify < ci.key`. */
function shorten(line: string): string {
  return line
    .replace(/^(npx )?mcp-keys /, "")
    .replaceAll(/ http:\S+/g, "")
    .replaceAll("'", "");
}

function linkPackages(folder: string): void {
  mkdirSync(folder);
  for (const name of ["express", "@modelcontextprotocol"])
    symlinkSync(join(ROOT, "node_modules", name), join(folder, name));
  symlinkSync(ROOT, join(folder, "mcp-keys"));
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}
