import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { createProcesses } from "./process.ts";
import { CTRL_C, CTRL_D, openTerminal } from "./pty.ts";

function open(command: string, more: Record<string, string> = {}) {
  const { env, dir, mcpKeys } = createProcesses();
  const full = { ...env, TERM: "xterm-256color", PATH: env.PATH ?? "", ...more };
  return { dir, mcpKeys, env: full, terminal: openTerminal(command, full) };
}

describe("a person at a terminal", () => {
  test("answers prompts for missing values on stderr; stdout has only the token", async () => {
    const { terminal, dir, env } = open("mcp-keys generate > $HOME/out");
    await terminal.shows("Name of the key:");
    terminal.type("not a name\r");
    await terminal.shows("is not a valid key name");
    terminal.type("\u0015ci\r");
    await terminal.shows("Expires (90d");
    terminal.type("\r");
    await terminal.shows("Scopes");
    terminal.type("notes:read\r");
    await terminal.shows("next: mcp-keys verify");
    expect(await terminal.ended).toBe(0);
    expect(readFileSync(join(dir, "out"), "utf8")).toMatch(/^mcp_\w+\n$/);
    expect(terminal.raw()).toContain("\u001b[");
    const plain = openTerminal("mcp-keys list", { ...env, NO_COLOR: "1" });
    expect(await plain.ended).toBe(0);
    expect(plain.raw()).not.toContain("\u001b[");
    const dumb = openTerminal("mcp-keys list", { ...env, TERM: "dumb" });
    expect(await dumb.ended).toBe(0);
    expect(dumb.raw()).not.toContain("\u001b[");
    const flag = openTerminal("mcp-keys list --no-color", env);
    expect(await flag.ended).toBe(0);
    expect(flag.raw()).not.toContain("\u001b[");
    const coloured = openTerminal("mcp-keys list", env);
    expect(await coloured.ended).toBe(0);
    expect(coloured.raw()).toContain("\u001b[");
  });

  test("leaves a prompt with Ctrl-C: exit 130, at once, nothing written", async () => {
    const { terminal, dir } = open("mcp-keys generate");
    await terminal.shows("Name of the key:");
    const at = performance.now();
    terminal.type(CTRL_C);
    expect(await terminal.ended).toBe(130);
    expect(performance.now() - at).toBeLessThan(1_000);
    await terminal.shows("hint: nothing was changed");
    expect(existsSync(join(dir, "keys.jsonl"))).toBe(false);
  });

  test.concurrent.each([
    ["generate", "Name of the key:", ""],
    ["generate", "Expires (90d", "\r"],
    ["check", "Token:", ""],
    ["verify http://127.0.0.1:1/mcp", "Token:", ""],
    ["test http://127.0.0.1:1/mcp", "Token:", ""],
    ["export", "Token:", ""],
    ["revoke ci", "Type the name of the key", ""],
    ["store migrate --from file:$HOME/keys.jsonl --to file:$HOME/new.jsonl --delete-source", "Type remove", ""],
  ])("%s: Ctrl-D at the prompt `%s` exits with 130 and changes nothing", async (line, prompt, typed) => {
    const { mcpKeys, env, dir } = open("true");
    await mcpKeys(["generate", "ci"]);
    const before = readFileSync(join(dir, "keys.jsonl"), "utf8");
    const terminal = openTerminal(`mcp-keys ${line}`, env);
    if (typed !== "") {
      await terminal.shows("Name of the key:");
      terminal.type(typed);
    }
    await terminal.shows(prompt);
    terminal.type(CTRL_D);
    expect(await terminal.ended).toBe(130);
    await terminal.shows("hint: nothing was changed");
    expect(readFileSync(join(dir, "keys.jsonl"), "utf8")).toBe(before);
    expect(existsSync(join(dir, "new.jsonl"))).toBe(false);
  });

  test("a typo before Ctrl-D is no answer either, and a script does not go on", async () => {
    const { terminal, dir } = open("mcp-keys generate && touch $HOME/went-on");
    await terminal.shows("Name of the key:");
    terminal.type("x");
    terminal.type("\u007f");
    terminal.type(CTRL_D);
    expect(await terminal.ended).toBe(130);
    expect(existsSync(join(dir, "went-on"))).toBe(false);
  });

  test.concurrent.each([
    ["trap : HUP", "Name of the key:"],
    ["trap '' HUP", "Name of the key:"],
  ])("`%s`: a prompt whose terminal goes away ends with 129, like a program that SIGHUP ends", async (trap, prompt) => {
    const { terminal, dir } = open(`${trap}; mcp-keys generate; echo $? > $HOME/status`);
    await terminal.shows(prompt);
    terminal.hangUp();
    const status = join(dir, "status");
    await vi.waitUntil(() => existsSync(status) && readFileSync(status, "utf8") !== "", { timeout: 10_000 });
    expect(readFileSync(status, "utf8")).toBe("129\n");
    expect(existsSync(join(dir, "keys.jsonl"))).toBe(false);
  });

  test("goes on with a prompt after Ctrl-Z and fg", async () => {
    const { terminal } = open("set -m; mcp-keys generate; echo stopped; fg >/dev/null; echo status $?");
    await terminal.shows("Name of the key:");
    terminal.type("\u001a");
    await terminal.shows("stopped");
    terminal.type("ci\r");
    await terminal.shows("Expires (90d");
    terminal.type(CTRL_D);
    await terminal.shows("status 130");
    expect(await terminal.ended).toBe(0);
  });

  test("types a token that is never shown", async () => {
    const { mcpKeys, env } = open("true");
    const { stdout: token } = await mcpKeys(["generate", "ci"]);
    const terminal = openTerminal("mcp-keys check", env);
    await terminal.shows("Token:");
    terminal.type(token.trim());
    terminal.type("\u0014");
    terminal.type("\r");
    await terminal.shows("valid: ci");
    expect(await terminal.ended).toBe(0);
    expect(terminal.raw()).not.toContain(token.trim().slice(17, 40));
  });

  test("types the name of a key to revoke it", async () => {
    const { mcpKeys, env } = open("true");
    await mcpKeys(["generate", "ci"]);
    const terminal = openTerminal("mcp-keys revoke ci", env);
    await terminal.shows("Type the name of the key");
    terminal.type("yes\r");
    await terminal.shows("type ci, or press Ctrl-C");
    terminal.type("\u0015ci\r");
    await terminal.shows("revoked ci");
    expect(await terminal.ended).toBe(0);
  });

  test("types remove to delete an old store, or cancels with Ctrl-C", async () => {
    const { mcpKeys, env, dir } = open("true");
    await mcpKeys(["generate", "ci"]);
    const line = `mcp-keys store migrate --from file:$HOME/keys.jsonl --to file:$HOME/new.jsonl --delete-source`;
    const left = openTerminal(line, env);
    await left.shows("Type remove to continue");
    left.type(CTRL_C);
    expect(await left.ended).toBe(130);
    await left.shows("hint: nothing was changed");
    expect([existsSync(join(dir, "keys.jsonl")), existsSync(join(dir, "new.jsonl"))]).toEqual([true, false]);
    const typed = openTerminal(line, env);
    await typed.shows("Type remove to continue");
    typed.type("yes\r");
    await typed.shows("type remove, or press Ctrl-C");
    typed.type("\u0015remove\r");
    await typed.shows("next: mcp-keys list --store file:");
    expect(await typed.ended).toBe(0);
    expect([existsSync(join(dir, "keys.jsonl")), existsSync(join(dir, "new.jsonl"))]).toEqual([false, true]);
  });

  test("sees problems in colour, or without it", async () => {
    const { env } = open("true");
    const terminal = openTerminal("mcp-keys doctor", { ...env, MCP_API_KEY: "'quoted'" });
    expect(await terminal.ended).toBe(4);
    expect(terminal.raw()).toMatch(/\u001b\[[0-9;]*mfail/);
    const plain = openTerminal("mcp-keys doctor", { ...env, NO_COLOR: "1" });
    expect(await plain.ended).toBe(0);
    expect(plain.raw()).not.toContain("\u001b");
  });

  test("gets no prompts in CI or with --no-input", async () => {
    const { terminal } = open("mcp-keys generate", { CI: "true" });
    await terminal.shows("issued default");
    expect(await terminal.ended).toBe(0);
    expect(await open("mcp-keys revoke missing --no-input").terminal.ended).toBe(3);
  });
});
