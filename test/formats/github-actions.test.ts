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

/** What a step prints, and what it leaves for the later ones. */
async function step(script: string, env: Record<string, string> = {}): Promise<{ log: string; file: string }> {
  const { stdout } = await run("bash", ["--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script], {
    cwd: folder,
    env: { PATH: process.env["PATH"], GITHUB_ENV: join(folder, "env"), ...env },
  });
  return { log: stdout, file: await readFile(join(folder, "env"), "utf8") };
}

/** The runner's log (`ActionCommand.TryParseV2`): a line that begins with `::` is a command; what is masked shows as `***`. */
function show(log: string): string {
  const masks: string[] = [];
  const shown = log.split("\n").map((line) => {
    const masked = /^\s*::add-mask::(.+)$/.exec(line)?.[1];
    if (masked !== undefined) masks.push(masked.replaceAll("%25", "%"));
    return masked === undefined ? masks.reduce((text, mask) => text.replaceAll(mask, "***"), line) : "";
  });
  return shown.join("\n");
}

/** The runner's reading of `$GITHUB_ENV` (`FileCommandManager`), which stops at the first line it cannot read, and shows it. */
function readEnvFile(text: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const line of text.split("\n").filter((each) => each !== "")) {
    const [, name, value] = /^([^=]+?)=(.*)$/.exec(line) ?? [];
    if (name === undefined || line.includes("<<")) throw new Error(`Invalid format '${line}'`);
    found[name] = value ?? "";
  }
  return found;
}

test("evaluated, it masks the token before anything can show it, and this step and the later ones have it", async () => {
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

test("printed by mistake, it masks itself", async () => {
  const { log, file } = await step("cat snippet; echo later; cat snippet");

  expect(log).toContain(TOKEN);
  expect(show(log)).not.toContain(TOKEN);
  expect(file).toBe("");
});

test("put into $GITHUB_ENV by mistake, it stops the runner with a line that says what to do, and not with the token", async () => {
  const { log, file } = await step('cat snippet >> "$GITHUB_ENV"');

  expect(log).toBe("");
  expect(() => readEnvFile(file)).toThrow(/^Invalid format '# not for a file: eval "\$\(mcp-keys [^']*'$/);
});

test("outside of GitHub Actions it fails, and has masked the token by then", async () => {
  await expect(step('eval "$(cat snippet)"', { GITHUB_ENV: "" })).rejects.toMatchObject({
    stdout: `\n::add-mask::${TOKEN}\n`,
    stderr: expect.stringContaining("GITHUB_ENV: is set in GitHub Actions only"),
  });
});
