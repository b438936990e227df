import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Secret } from "../../src/core/secret.ts";
import { githubActions } from "../../src/formats/github-actions.ts";

const run = promisify(execFile);
const TOKEN = "tok-1_a.b~c+d/e==";
const snippet = githubActions.render({ token: new Secret(TOKEN), envName: "MCP_API_KEY" });

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "mcp-keys-actions-"));
  await writeFile(join(folder, "snippet"), snippet);
  await writeFile(join(folder, "env"), "");
});
afterEach(() => rm(folder, { recursive: true }));

/** Runs a step. Returns its log and the file for later steps. */
async function step(script: string, env: Record<string, string> = {}): Promise<{ log: string; file: string }> {
  const { stdout } = await run("bash", ["--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script], {
    cwd: folder,
    env: { PATH: process.env["PATH"], GITHUB_ENV: join(folder, "env"), ...env },
  });
  return { log: stdout, file: await readFile(join(folder, "env"), "utf8") };
}

/** Shows a log as the runner does (`ActionCommand.TryParseV2`): lines that start with `::` are commands, masked text is `***`. */
function show(log: string): string {
  const masks: string[] = [];
  const shown = log.split("\n").map((line) => {
    const masked = /^\s*::add-mask::(.+)$/.exec(line)?.[1];
    if (masked !== undefined) masks.push(masked.replaceAll("%25", "%"));
    return masked === undefined ? masks.reduce((text, mask) => text.replaceAll(mask, "***"), line) : "";
  });
  return shown.join("\n");
}

/** Reads `$GITHUB_ENV` as the runner does (`FileCommandManager`): it stops at the first invalid line and prints it. */
function readEnvFile(text: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const line of text.split("\n").filter((each) => each !== "")) {
    const [, name, value] = /^([^=]+?)=(.*)$/.exec(line) ?? [];
    if (name === undefined || line.includes("<<")) throw new Error(`Invalid format '${line}'`);
    found[name] = value ?? "";
  }
  return found;
}

test("masks the token before anything can print it, and sets it for this step and later ones", async () => {
  const { log, file } = await step(
    `eval "$(cat snippet)"; echo "now $MCP_API_KEY"; bash -c 'echo "child $MCP_API_KEY"'`,
  );

  expect(log.split("\n").filter((line) => line !== "")).toEqual([
    `::add-mask::${TOKEN}`,
    `now ${TOKEN}`,
    `child ${TOKEN}`,
  ]);
  expect(show(log)).not.toContain(TOKEN);
  expect(readEnvFile(file)).toEqual({ MCP_API_KEY: TOKEN });
});

test("masks itself if it is printed by mistake", async () => {
  const { log, file } = await step("cat snippet; echo later; cat snippet");

  expect(log).toContain(TOKEN);
  expect(show(log)).not.toContain(TOKEN);
  expect(file).toBe("");
});

test("stops the runner before the token, with a line that says what to do, if it is appended to $GITHUB_ENV by mistake", async () => {
  const { log, file } = await step('cat snippet >> "$GITHUB_ENV"');

  expect(log).toBe("");
  expect(() => readEnvFile(file)).toThrow(/^Invalid format '# not for a file: eval "\$\(mcp-keys [^']*'$/);
});

test("fails outside GitHub Actions, after masking the token", async () => {
  await expect(step('eval "$(cat snippet)"', { GITHUB_ENV: "" })).rejects.toMatchObject({
    stdout: `\n::add-mask::${TOKEN}\n`,
    stderr: expect.stringContaining("GITHUB_ENV: is set in GitHub Actions only"),
  });
});
