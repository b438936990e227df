import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, existsSync, mkdtempSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { commands } from "../../src/cli/commands/index.ts";
import { splitWords } from "../cli/fake-world.ts";
import { BIN, createProcesses } from "./process.ts";

/** What an output of the process is connected to. */
type End = "closed pipe" | "full disk" | "null device" | "closed" | "read-only file" | "pipe";

const FULL = existsSync("/dev/full") ? "/dev/full" : null;

/** Opens the write end of a pipe that nothing reads. */
function openClosedPipe(): number {
  const path = join(mkdtempSync(join(tmpdir(), "mcp-keys-pipe-")), "pipe");
  execFileSync("mkfifo", [path]);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = openSync(path, constants.O_WRONLY);
  closeSync(reader);
  return writer;
}

function openEnd(end: End): number | "pipe" {
  if (end === "closed pipe") return openClosedPipe();
  if (end === "full disk") return openSync("/dev/full", "w");
  if (end === "null device") return openSync("/dev/null", "w");
  if (end === "read-only file") return openSync(BIN, "r");
  return "pipe";
}

/** Starts the CLI with its outputs connected to the given ends. */
async function runWith(
  line: string,
  {
    stdout = "pipe",
    stderr = "pipe",
    ...options
  }: { stdout?: End; stderr?: End; env: NodeJS.ProcessEnv; stdin?: string },
) {
  const ends = [openEnd(stdout), openEnd(stderr)] as const;
  const close = `${stdout === "closed" ? ">&-" : ""} ${stderr === "closed" ? "2>&-" : ""}`;
  const args = ["-c", `exec "$0" "$@" ${close}`, process.execPath, BIN, ...splitWords(line)];
  const child = spawn("sh", args, { env: options.env, stdio: ["pipe", ...ends], timeout: 30_000 });
  for (const end of ends) if (end !== "pipe") closeSync(end);
  let said = "";
  child.stdout?.resume();
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (said += text));
  child.stdin?.on("error", () => undefined).end(options.stdin ?? "");
  const [status, signal] = (await once(child, "close")) as [number | null, string | null];
  return { status: status ?? signal, said };
}

/** Command lines that write their result to stdout. `$D` is a new folder; the store has the keys a and b. */
const LINES = [
  "",
  "--help",
  "--version",
  "help rotate",
  "generate --help",
  "generate new",
  "generate new --json",
  "generate new --format shell",
  "generate new --to 'cat >/dev/null' --json",
  "import new --store memory: --json",
  "list",
  "list --json",
  "show a",
  "show a --json",
  "rotate a",
  "rotate a --json",
  "rotate a --format kubernetes",
  "rotate a --to 'cat >/dev/null' --json",
  "rotate b --finish --force --json",
  "rotate b --abort --force --json",
  "revoke a --yes --json",
  "disable a --json",
  "enable a --json",
  "update a --note x --json",
  "check",
  "check --json",
  "verify http://127.0.0.1:1/mcp",
  "verify http://127.0.0.1:1/mcp --json",
  "test http://127.0.0.1:1/mcp --report json",
  "test --list",
  "export --format shell",
  "export --keyset",
  "audit",
  "audit --json",
  "audit --verify",
  "audit --archive $D/old.jsonl --json",
  "uses --json",
  "servers --json",
  "uses forget web-1 --json",
  "store",
  "store --json",
  "store migrate --from file:$D/keys.jsonl --to file:$D/copy.jsonl --json",
  "doctor",
  "doctor --json",
  "init $D --framework express --name new --client none --plan --json --quiet",
  "scan $D --json",
  "completion bash",
];

/** Creates a store with the keys a, whose token is returned, and b, which is being rotated. */
async function withKeys() {
  const made = createProcesses();
  const { stdout: token } = await made.mcpKeys(["generate", "a"]);
  await made.mcpKeys(["generate", "b"]);
  await made.mcpKeys(["rotate", "b"]);
  const journal = readFileSync(made.file, "utf8");
  /** Runs a line in a copy of the store. */
  async function run(line: string, ends: { stdout?: End; stderr?: End }) {
    const dir = mkdtempSync(join(made.dir, "run-"));
    const file = join(dir, "keys.jsonl");
    writeFileSync(file, journal, { mode: 0o600 });
    const env = { ...made.env, MCP_KEYS_STORE: `file:${file}` };
    const ran = await runWith(line.replaceAll("$D", dir), { ...ends, env, stdin: token });
    const show = async (key: string) => {
      const shown = await made.mcpKeys(["show", key, "--json"], { env });
      return shown.status === 0
        ? (JSON.parse(shown.stdout).key.versions as { state: string }[]).map((v) => v.state)
        : null;
    };
    return { ...ran, show, isUnchanged: readFileSync(file, "utf8") === journal };
  }
  return { run };
}

const keys = withKeys();

test("the table has every command", () => {
  const named = new Set(LINES.map((line) => line.split(" ")[0]));
  expect(Object.keys(commands).filter((name) => !named.has(name))).toEqual([]);
});

describe.concurrent("if nothing reads stdout", () => {
  test.each(LINES)("`%s` ends with 141 and without a message", async (line) => {
    const { run } = await keys;
    const { status, said } = await run(line, { stdout: "closed pipe" });
    expect({ status, said: said.replace(/^\d+ checks, .*\n/, "") }).toEqual({ status: 141, said: "" });
  });

  test("the token of `rotate` was not delivered: its version is revoked, and the old one stays current", async () => {
    const { run } = await keys;
    for (const line of ["rotate a", "rotate a --json", "rotate a --format kubernetes"]) {
      const { show } = await run(line, { stdout: "closed pipe" });
      expect(await show("a")).toEqual(["current", "revoked"]);
    }
    const { show } = await run("generate new", { stdout: "closed pipe" });
    expect(await show("new")).toEqual(["revoked"]);
  });
});

describe.concurrent("if stdout is on a full disk", () => {
  test.for(LINES)("`%s` exits with 6 and says so", async (line, ctx) => {
    if (FULL === null) ctx.skip("needs /dev/full");
    const { run } = await keys;
    const { status, said } = await run(line, { stdout: "full disk" });
    expect(said).toMatch(/error.*standard output.*ENOSPC/);
    expect(said).not.toMatch(/report it|at .*\.cjs/);
    expect(status).toBe(6);
    if (said.includes("{")) expect(said).toContain('"code":"OUTPUT_FAILED"');
  });
});

describe.concurrent("if stdout takes no token", () => {
  test.for([
    ["generate new", "closed"],
    ["generate new", "null device"],
    ["generate new", "read-only file"],
    ["generate new", "full disk"],
    ["generate new --json", "closed"],
    ["rotate a", "closed"],
    ["rotate a", "null device"],
    ["rotate a", "read-only file"],
    ["rotate a", "full disk"],
    ["rotate a --format shell", "closed"],
  ] as const)("`%s` to a %s output refuses before anything is written", async ([line, stdout], ctx) => {
    if (stdout === "full disk" && FULL === null) ctx.skip("needs /dev/full");
    const { run } = await keys;
    const { status, said, isUnchanged } = await run(line, { stdout });
    expect(said).toMatch(/standard output/);
    expect({ status, isUnchanged }).toEqual({ status: 6, isUnchanged: true });
  });

  test.each(["rotate a --to 'cat >/dev/null'", "generate new --to 'cat >/dev/null'"])(
    "`%s` needs none",
    async (line) => {
      const { run } = await keys;
      for (const stdout of ["closed", "null device"] as const) expect((await run(line, { stdout })).status).toBe(0);
    },
  );

  test.each([
    ["check", "null device", 0],
    ["check", "closed", 0],
    ["check --scope other", "null device", 4],
    ["check", "read-only file", 6],
    ["list", "read-only file", 6],
    ["--help", "read-only file", 6],
  ] as const)("`%s` to a %s output exits with %i", async (line, stdout, status) => {
    const { run } = await keys;
    expect((await run(line, { stdout })).status).toBe(status);
  });
});

describe.concurrent("if nothing takes the messages on stderr", () => {
  const ENDS = ["closed pipe", "full disk", "closed", "null device"] as const;
  test.each([
    ["show missing", 3],
    ["show missing --json", 3],
    ["genrate", 2],
    ["rotate a --to 'exit 3'", 5],
    ["disable a", 0],
    ["rotate a --to 'cat >/dev/null'", 0],
  ] as const)("`%s` still exits with %i", async (line, status) => {
    const { run } = await keys;
    const ends = ENDS.filter((end) => end !== "full disk" || FULL !== null);
    const ran = await Promise.all(ends.map((stderr) => run(line, { stderr })));
    expect(ran.map((each) => each.status)).toEqual(ends.map(() => status));
  });

  test("an error whose stdout is closed too does not exit with 0", async () => {
    const { run } = await keys;
    expect((await run("show missing", { stdout: "closed pipe", stderr: "closed pipe" })).status).toBe(3);
    expect((await run("show a", { stdout: "closed pipe", stderr: "closed pipe" })).status).toBe(141);
  });
});
