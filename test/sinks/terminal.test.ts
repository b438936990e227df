import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { spawn } from "@lydell/node-pty";
import { build } from "esbuild";
import { expect, test } from "vitest";
import { freshFolder } from "./folder.ts";

const TOKEN = "mcp_the_token";
const folder = freshFolder();
const at = (name: string): string => join(folder.path, name);

/** Delivers from a terminal. When the screen shows a key of `answers`, its value is typed. Resolves with the screen. */
async function deliverFromTerminal(command: string, answers: Record<string, string>): Promise<string> {
  const script = at("command.mjs");
  const entryPoints = [join(import.meta.dirname, "command.main.ts")];
  await build({ entryPoints, outfile: script, bundle: true, platform: "node", format: "esm", logLevel: "error" });
  const env = { PATH: process.env["PATH"], D: folder.path };
  const terminal = spawn("node", [script, command, TOKEN], { env, cols: 200 });
  const open = new Map(Object.entries(answers));
  let screen = "";
  terminal.onData((data) => {
    screen += data;
    for (const [prompt, answer] of open) {
      if (!screen.includes(prompt) || !open.delete(prompt)) continue;
      terminal.write(answer);
    }
  });
  await new Promise((resolve) => terminal.onExit(resolve));
  return screen;
}

test("the command can prompt at the terminal while it reads the token from stdin", async () => {
  const command = `printf 'password? ' >/dev/tty; read -r answer </dev/tty; cat >"$D/got"; echo "$answer" >>"$D/got"`;
  expect(await deliverFromTerminal(command, { "password? ": "open sesame\r" })).toContain("end {");
  expect(await readFile(at("got"), "utf8")).toBe(`${TOKEN}open sesame\n`);
});

test("Ctrl-C ends the command at once", async () => {
  // Waits in a builtin, because dash loses a signal that arrives while it starts a program.
  const command = `cat >/dev/null; echo ready; read -r answer </dev/tty; touch "$D/survived"`;
  const screen = await deliverFromTerminal(command, { ready: "\u0003" });
  expect(screen).toMatch(/end \{"code":"DELIVERY_UNCERTAIN","message":"the command was interrupted"/);
  expect(existsSync(at("survived"))).toBe(false);
});

test("does not wait for a command that ignores every signal", async () => {
  const command = `cat >/dev/null; trap '' INT TERM; (echo ready; sleep 8; touch "$D/survived") & wait; wait`;
  const start = performance.now();
  const screen = await deliverFromTerminal(command, { ready: "\u0003" });
  expect(screen).toMatch(/end \{"code":"DELIVERY_UNCERTAIN","message":"interrupted while the command was running"/);
  expect(performance.now() - start).toBeLessThan(7_000);
});

test("succeeds if the command ignores Ctrl-C and exits with 0", async () => {
  const command = `trap '' INT; cat >"$D/got"; echo ready; read -r answer </dev/tty; echo "$answer" >&2`;
  const screen = await deliverFromTerminal(command, { ready: "\u0003", "^C": "go on\r" });
  expect(screen).toContain('end {"to":');
  expect(await readFile(at("got"), "utf8")).toBe(TOKEN);
});
