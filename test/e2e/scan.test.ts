import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { BIN, createProcesses, runProcess } from "./process.ts";

test("a pre-commit hook refuses a commit with a valid token, and reads the index rather than the file; elsewhere it says that there is no repository", async () => {
  const { dir, env, mcpKeys } = createProcesses();
  const token = (await mcpKeys(["generate", "ci"])).stdout.trim();
  const git = (...args: string[]) =>
    runProcess("git", ["-c", "user.name=a", "-c", "user.email=a@b", ...args], { cwd: dir, env });
  const outside = await runProcess(process.execPath, [BIN, "scan", "--staged"], { cwd: dir, env });
  expect(outside).toMatchObject({ status: 6, stderr: expect.stringContaining("this folder is in no repository") });
  await git("init", "-q", "-b", "main");
  const hook = `#!/bin/sh\nexec '${process.execPath}' '${BIN}' scan --staged\n`;
  writeFileSync(join(dir, ".git/hooks/pre-commit"), hook, { mode: 0o755 });
  writeFileSync(join(dir, "app.js"), `const key = "${token}";\n`);
  await git("add", "app.js");
  writeFileSync(join(dir, "app.js"), "const key = process.env.MCP_API_KEY;\n");
  const refused = await git("commit", "-q", "-m", "first");
  expect(refused.status).not.toBe(0);
  expect(refused.stdout + refused.stderr).toContain("app.js:1");
  expect(refused.stdout + refused.stderr).not.toContain(token.slice(17, 40));
  await git("add", "app.js");
  expect(await git("commit", "-q", "-m", "first")).toMatchObject({ status: 0 });
  // A program that the repository names does not run.
  writeFileSync(join(dir, "monitor"), "#!/bin/sh\ntouch ran\n", { mode: 0o755 });
  await git("config", "core.fsmonitor", join(dir, "monitor"));
  expect(await runProcess(process.execPath, [BIN, "scan", "--staged"], { cwd: dir, env })).toMatchObject({ status: 0 });
  expect(existsSync(join(dir, "ran"))).toBe(false);
});
