import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { format } from "prettier";
import { describe, expect, test } from "vitest";
import { faultOf } from "../docs/commands.ts";
import { ROOT } from "../docs/markdown.ts";
import { startServer, type Mistake } from "../probe/servers/configurable-server.ts";
import { during, TOKEN } from "../probe/verify/verifying.ts";
import { BIN, createProcesses, runProcess } from "./process.ts";
import { CTRL_C, openTerminal } from "./pty.ts";

const FEW = "--only reachable,requires-key,rejects-bogus-key";
const OPEN: Mistake = { isGuarded: ({ headers }) => headers.authorization !== undefined };

async function withServer(mistake: Mistake = {}) {
  const { url } = await during(startServer([TOKEN.reveal()], mistake));
  const made = createProcesses();
  const { env } = made;
  return { ...made, url, env: { ...env, PATH: env.PATH ?? "", TERM: "xterm-256color", MCP_API_KEY: TOKEN.reveal() } };
}

describe("a person at a terminal", () => {
  test("sees the progress, each finding, and the next command", async () => {
    const { url, env } = await withServer(OPEN);
    const terminal = openTerminal(`mcp-keys test ${url} ${FEW}`, env);
    expect(await terminal.ended).toBe(8);
    const raw = terminal.raw();
    expect(raw).toContain("3 checks, at most ");
    expect(raw).toMatch(/1 of 3 {2}requires-key/);
    expect(raw).toContain(`next: mcp-keys test ${url} --only requires-key`);
    // Each progress line is erased before the next output.
    const lines = raw.split("\n").map((line) => line.slice(line.lastIndexOf("\u001b[2K") + 1));
    expect(lines.filter((line) => / of 3 {2}/.test(line.replace(/^\[2K/, "")))).toEqual([]);
    expect(raw).toContain("\u001b[31m");
    expect(raw).not.toContain(TOKEN.reveal().slice(17, 40));
  });

  test.each([
    ["NO_COLOR", { NO_COLOR: "1" }, ""],
    ["--no-color", {}, "--no-color"],
  ])("sees no colours with %s", async (_, more, flag) => {
    const { url, env } = await withServer();
    const terminal = openTerminal(`mcp-keys test ${url} ${FEW} ${flag}`, { ...env, ...more });
    expect(await terminal.ended).toBe(0);
    // The code that erases a line is not a colour.
    expect(terminal.raw().replaceAll("\u001b[2K", "")).not.toContain("\u001b[");
  });

  test("gets plain text on a dumb terminal", async () => {
    const { url, env } = await withServer();
    const terminal = openTerminal(`mcp-keys test ${url} ${FEW}`, { ...env, TERM: "dumb" });
    expect(await terminal.ended).toBe(0);
    expect(terminal.raw()).not.toContain("\u001b");
    expect(terminal.raw()).not.toContain(" of 3 ");
  });

  test("leaves with Ctrl-C: exit 130, at once, even if the server is silent", async () => {
    const { url, env } = await withServer({ refuse: () => undefined });
    const terminal = openTerminal(`mcp-keys test ${url} ${FEW}`, env);
    await terminal.shows("2 of 3");
    const at = performance.now();
    terminal.type(CTRL_C);
    expect(await terminal.ended).toBe(130);
    expect(performance.now() - at).toBeLessThan(2000);
  });
});

describe("a script", () => {
  test("that reads nothing ends the run silently with 141, as any program that writes to a closed pipe", async () => {
    const { url, env, dir } = await withServer(OPEN);
    const command = `{ '${process.execPath}' '${BIN}' test ${url} ${FEW}; echo $? >'${dir}/status'; } | true`;
    const { stdout, stderr } = await runProcess("sh", ["-c", command], { env });
    expect(stdout).toBe("");
    expect(stderr).not.toContain("error");
    expect(readFileSync(join(dir, "status"), "utf8")).toBe("141\n");
  });

  test("pipes in the token and gets only the report on stdout", async () => {
    const { url, mcpKeys } = await withServer();
    const args = ["test", url, ...FEW.split(" "), "--report", "json"];
    const { status, stdout, stderr } = await mcpKeys(args, { stdin: `${TOKEN.reveal()}\n` });
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ schemaVersion: 1, ok: true, counts: { pass: 3 } });
    expect(stderr).toMatch(/^3 checks[^\n]*\n$/);
  });
});

describe("the CI examples", () => {
  const folder = join(ROOT, "examples/ci");
  const read = (name: string) => readFileSync(join(folder, name), "utf8");

  test.each<[string, Mistake, number, string]>([
    ["passes", {}, 0, "is protected"],
    ["fails if the server is unprotected", OPEN, 8, "is unprotected"],
    ["fails if the result is inconclusive", { knows: () => false }, 7, "is inconclusive"],
  ])("the shell script %s, and leaves a report", async (_, mistake, wanted, says) => {
    const { url, env, dir } = await withServer(mistake);
    const { status, stdout, stderr } = await runProcess("sh", [join(folder, "test-server.sh"), url], {
      env: { ...env, MCP_KEYS: `${process.execPath} ${BIN}` },
      cwd: dir,
    });
    expect([status, stdout + stderr]).toEqual([wanted, expect.stringContaining(says)]);
    expect(readFileSync(join(dir, "mcp-access.xml"), "utf8")).toMatch(/^<\?xml [^]*<\/testsuites>\n$/);
    expect(stdout + stderr).not.toContain(TOKEN.reveal().slice(17, 40));
  });

  test("the shell script names a missing variable", async () => {
    const { url, env, dir } = await withServer();
    const without = { ...env, MCP_API_KEY: "" };
    const { status, stderr } = await runProcess("sh", [join(folder, "test-server.sh"), url], {
      env: without,
      cwd: dir,
    });
    expect(status).not.toBe(0);
    expect(stderr).toContain("a key that the server accepts");
    expect(readdirSync(dir)).not.toContain("mcp-access.xml");
  });

  test.each(["github-actions.yml", "gitlab-ci.yml"])("%s is valid YAML with valid commands", async (name) => {
    const text = read(name);
    expect(await format(text, { parser: "yaml", printWidth: 120 })).toBe(text);
    const lines = [...text.matchAll(/mcp-keys (?:test|generate|verify)[^\n]*?(?=\)"|\s+(?:\d?[<>]|\|\|)|\n)/g)];
    expect(lines.length).toBeGreaterThan(0);
    for (const [line] of lines) expect([line, await faultOf(line)]).toEqual([line, null]);
  });
});
