import { spawn as spawnPty } from "@lydell/node-pty";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, test, type TestContext } from "vitest";
import { isThere } from "../formats/reader.ts";
import { BIN, createProcesses, runProcess } from "./process.ts";

/** Lines as typed before the Tab, and the text that the shell makes of them. */
const LINES = [
  ["mcp-keys rev", "mcp-keys revoke "],
  ["mcp-keys revoke dep", "mcp-keys revoke deploy.prod-2 "],
  ["mcp-keys revoke ci --rea", "mcp-keys revoke ci --reason "],
  ["mcp-keys revoke ci --reason comp", "mcp-keys revoke ci --reason compromised "],
  ["mcp-keys revoke ci --reason=comp", "mcp-keys revoke ci --reason=compromised "],
  ["mcp-keys list --status active,revo", "mcp-keys list --status active,revoked "],
  ["mcp-keys list --store keyc", "mcp-keys list --store keychain:"],
  ["mcp-keys --store file:/nowhere/keys.jsonl store migr", "mcp-keys --store file:/nowhere/keys.jsonl store migrate "],
  ["mcp-keys generate x --note 'a b' --out a", "mcp-keys generate x --note 'a b' --out a\\ file.key "],
] as const;

/** Creates a store with two keys, a file, and `mcp-keys` on the path. */
async function prepare() {
  const { dir, env, mcpKeys } = createProcesses();
  await Promise.all([mcpKeys(["generate", "ci"]), mcpKeys(["generate", "deploy.prod-2"])]);
  const bin = join(dir, "bin");
  mkdirSync(bin);
  writeFileSync(join(bin, "mcp-keys"), `#!/bin/sh\nexec '${process.execPath}' '${BIN}' "$@"\n`);
  chmodSync(join(bin, "mcp-keys"), 0o755);
  writeFileSync(join(dir, "a file.key"), "");
  const shell = { TERM: "dumb", LC_ALL: "C.UTF-8", PS1: "$ ", PROMPT: "$ " };
  return { dir, env: { ...env, ...shell, PATH: `${bin}:${env.PATH ?? ""}` } };
}

async function need(program: string, ctx: TestContext): Promise<void> {
  if (!(await isThere(program))) ctx.skip(`needs ${program}`);
}

describe.concurrent("Tab completes commands, flags, values, key names and files", () => {
  test.each([
    ["bash", ["--norc", "-i"], 'eval "$(mcp-keys completion bash)"'],
    ["zsh", ["-f", "-i"], 'autoload -U compinit; compinit -D; eval "$(mcp-keys completion zsh)"'],
  ])("in %s", { timeout: 60_000 }, async (program, args, load) => {
    const { dir: cwd, env } = await prepare();
    const pty = spawnPty(program, args, { cols: 300, rows: 50, cwd, env });
    try {
      let screen = "";
      pty.onData((data) => (screen += data));
      const shows = async (text: string): Promise<void> => {
        for (let tries = 0; tries < 200 && !screen.includes(text); tries++) await wait(50);
        expect(screen).toContain(text);
      };
      pty.write(`${load}; echo loa''ded\r`);
      await shows("loaded");
      for (const [typed, completed] of LINES) {
        screen = "";
        pty.write(`${typed}\t`);
        await shows(completed);
        // Removes the line; Ctrl-C could arrive before the shell reads keys again.
        pty.write("\u0015");
      }
    } finally {
      pty.kill();
    }
  });

  test("in fish", async (ctx) => {
    await need("fish", ctx);
    const { dir: cwd, env } = await prepare();
    const ask = LINES.map(([typed]) => `complete -C "${typed}"; echo`).join("; ");
    const script = `mcp-keys completion fish | source; ${ask}`;
    const { stdout, stderr } = await runProcess("fish", ["--no-config", "-c", script], { cwd, env });
    expect(stderr).toBe("");
    const offered = stdout.split("\n\n").map((each) => each.trim().replace(/\t.*/, ""));
    expect(offered.slice(0, -1)).toEqual(
      LINES.map(([, completed]) => completed.trim().replaceAll("\\ ", "_").split(" ").at(-1)!.replaceAll("_", " ")),
    );
  });
});
