import { execFile } from "node:child_process";
import { chmodSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { BIN, createProcesses, runProcess } from "./process.ts";

interface DoctorReport {
  readonly ok: boolean;
  readonly findings: readonly { id: string; status: string; observed: string; fix?: string }[];
}

function read(stdout: string): DoctorReport {
  return JSON.parse(stdout) as DoctorReport;
}

test("runs without HOME and variables, and reports them as missing", async () => {
  const { mcpKeys, dir } = createProcesses();
  const bare = { HOME: undefined, MCP_KEYS_STORE: undefined, PATH: undefined };
  const { status, stdout, stderr } = await mcpKeys(["doctor", "--json"], { env: bare, cwd: dir });
  expect({ status, stderr }).toEqual({ status: 6, stderr: "" });
  expect(read(stdout).findings).toContainEqual({
    ...{ id: "store", status: "fail", fix: "set HOME, or choose a file: --store file:<path>" },
    observed: "there is no data folder for the keys, because HOME is not set to an absolute path",
  });
  expect(readdirSync(dir)).toEqual([]);
});

test("reports a named pipe as the store without waiting for it", async () => {
  const { mcpKeys, file } = createProcesses();
  await promisify(execFile)("mkfifo", ["-m", "600", file]);
  const { status, stdout } = await mcpKeys(["doctor", "--json"]);
  expect(status).toBe(6);
  const failed = failedIn(stdout);
  expect(failed.map(({ id }) => id)).toEqual(["store", "files"]);
  expect(failed[1]?.observed).toContain("not a regular file");
});

test("reports an unreadable store", async () => {
  const { mcpKeys, dir, file } = createProcesses();
  await mcpKeys(["generate", "ci"]);
  chmodSync(file, 0o000);
  if (process.getuid?.() !== 0) {
    const { status, stdout } = await mcpKeys(["doctor", "--json"]);
    expect(status).toBe(6);
    expect(failedIn(stdout)).toMatchObject([
      { id: "store" },
      { id: "files", fix: expect.stringContaining("chmod 600") },
    ]);
    return;
  }
  // Root can read everything, so another user runs doctor.
  chmodSync(dir, 0o755);
  writeFileSync(
    join(dir, "as-other-user.mjs"),
    "process.setgid(65534); process.setuid(65534); process.argv.splice(1, 1); import(process.argv[1]);",
  );
  const ran = await runProcess(process.execPath, [join(dir, "as-other-user.mjs"), BIN, "doctor", "--json"], {
    env: { HOME: dir, MCP_KEYS_STORE: `file:${file}` },
  });
  expect(ran.status).toBe(6);
  expect(failedIn(ran.stdout)).toMatchObject([
    { id: "store", observed: expect.stringContaining("belongs to another user") },
    { id: "files", observed: expect.stringContaining("belongs to another user") },
  ]);
});

function failedIn(stdout: string): DoctorReport["findings"] {
  return read(stdout).findings.filter((each) => each.status === "fail");
}
