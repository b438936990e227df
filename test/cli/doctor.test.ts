import { chmodSync, lstatSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createCli } from "./fake-world.ts";

/** Names, sizes, modes and times of everything in a folder. */
function contentOf(folder: string): unknown {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .sort()
    .map((name) => {
      const { mode, mtimeMs, size } = lstatSync(join(folder, name));
      return { name, mode, mtimeMs, size };
    });
}

test("reports a healthy setup, one line per finding, and changes nothing", async () => {
  const { cli, dir, file } = createCli();
  const token = (await cli("generate ci")).stdout.trim();
  const before = contentOf(dir);
  const { status, stdout, stderr } = await cli("doctor", { env: { MCP_API_KEY: token } });
  expect(status).toBe(0);
  expect(stderr).toBe("no problems found\n");
  expect(stdout).toContain(`pass  store           1 key in file:${file} (chosen by MCP_KEYS_STORE)\n`);
  expect(stdout).toContain("pass  api-key         MCP_API_KEY is version 1 of ci and works for another 90d\n");
  for (const line of stdout.trimEnd().split("\n")) expect(line).toMatch(/^pass {2}[a-z-]+ +\S/);
  expect((await cli("doctor --quiet")).stderr).toBe("");
  expect(contentOf(dir)).toEqual(before);
});

test("a missing store is no failure, and none is created", async () => {
  const { cli, dir } = createCli();
  const { status, stdout } = await cli("doctor");
  expect(status).toBe(0);
  expect(stdout).toMatch(/^info {2}store .*no store yet/m);
  expect(stdout).toMatch(/^ +fix: mcp-keys generate$/m);
  expect(contentOf(dir)).toEqual([]);
});

test("--json prints one document, also with failures", async () => {
  const { cli, file } = createCli();
  await cli("generate ci");
  chmodSync(file, 0o644);
  const { status, stdout, stderr } = await cli("doctor --json", { env: { MCP_API_KEY: "Bearer x" } });
  expect({ status, stderr }).toEqual({ status: 6, stderr: "" });
  const report = JSON.parse(stdout) as { findings: { id: string; status: string; fix?: string }[] };
  expect(report).toMatchObject({ schemaVersion: 1, ok: false, counts: { fail: 3, warn: 0 } });
  expect(report.findings.filter((each) => each.status === "fail").map(({ id }) => id)).toEqual([
    "store",
    "files",
    "api-key",
  ]);
  expect(report.findings.find(({ id }) => id === "files")?.fix).toContain(`chmod 600 ${file}`);
});

test.each<[what: string, line: string, env: Record<string, string>, status: number]>([
  ["a mistyped token", "doctor", { MCP_API_KEY: "mcp_7Fq2x9Lm0aBc_0123456789012345678901234567890" }, 4],
  ["an invalid pepper", "doctor", { MCP_KEYS_PEPPER: "short" }, 2],
  ["a token and a pepper", "doctor", { MCP_KEYS_PEPPER: "short", MCP_API_KEY: '"x"' }, 4],
  ["an unknown store", "doctor --store nowhere:", {}, 6],
  ["an unknown store in MCP_KEYS_STORE", "doctor", { MCP_KEYS_STORE: "nowhere:" }, 6],
  ["an unknown flag", "doctor --fix", {}, 2],
])("the exit status shows what failed: %s", async (_, line, env, status) => {
  const { cli } = createCli();
  await cli("generate ci");
  expect((await cli(line, { env })).status).toBe(status);
});

test("the suggested fix for a readable file works", async () => {
  const { cli, file } = createCli();
  await cli("generate ci");
  chmodSync(file, 0o666);
  expect((await cli("doctor")).status).toBe(6);
  chmodSync(file, 0o600);
  expect((await cli("doctor")).status).toBe(0);
});

test("--remove-orphans does nothing without a keychain", async () => {
  const { cli } = createCli();
  const { status, stderr } = await cli("doctor --remove-orphans");
  expect({ status, stderr }).toEqual({ status: 0, stderr: "no keychain in use\nno problems found\n" });
});

test("masks control characters in file names", async () => {
  const { cli, file } = createCli();
  await cli("generate ci");
  writeFileSync(`${file}.used.\u001b[31m\n`, "", { mode: 0o600 });
  for (const line of ["doctor", "doctor --json"]) {
    const { status, stdout } = await cli(line);
    expect(status).toBe(0);
    expect(stdout).toContain("is not a file of the store");
    expect(stdout).not.toContain("\u001b");
  }
});
