import { existsSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createCli } from "./fake-world.ts";

const TOKEN = "mcp_7Fq2x9Lm0aBc_0123456789";

test("--out writes a token to a file that only its owner can read, and --force replaces it", async () => {
  const { cli, dir } = createCli();
  const out = join(dir, "key.sh");
  const line = ["export", "--format", "shell", "--out", out];
  const ran = await cli(line, { piped: TOKEN });
  expect(ran).toEqual({ status: 0, stdout: "", stderr: `delivered the token to file:${out}\n` });
  expect(readFileSync(out, "utf8")).toBe(`export MCP_API_KEY='${TOKEN}'\n`);
  expect(statSync(out).mode & 0o777).toBe(0o600);
  expect((await cli(line, { piped: TOKEN })).status).toBe(5);
  expect((await cli([...line, "--force"], { piped: "other" })).status).toBe(0);
  expect(readFileSync(out, "utf8")).toBe("export MCP_API_KEY='other'\n");
});

test("--to passes a bare token, or a snippet, to commands in order", async () => {
  const { cli, dir } = createCli();
  const log = join(dir, "log");
  const to = ["--to", `{ echo a; cat; } >> '${log}'`, "--to", `{ echo b; cat; } >> '${log}'`];
  expect((await cli(["export", ...to, "--to-newline"], { piped: TOKEN })).status).toBe(0);
  const kubernetes = ["--format", "kubernetes", "--server-name", "notes"];
  expect((await cli(["export", ...kubernetes, "--to", `cat > '${dir}/secret'`], { piped: TOKEN })).status).toBe(0);
  expect(readFileSync(log, "utf8")).toBe(`a\n${TOKEN}\nb\n${TOKEN}\n`);
  expect(readFileSync(join(dir, "secret"), "utf8")).toContain('name: "notes"');
});

test("--merge sets the variable of a token or a keyset in a .env file", async () => {
  const { cli, dir } = createCli();
  await cli("generate ci");
  const out = join(dir, ".env");
  writeFileSync(out, "MCP_API_KEY=old # ours\nB=2\n", { mode: 0o600 });
  const merge = ["--out", out, "--format", "dotenv", "--merge"];
  expect((await cli(["export", ...merge], { piped: TOKEN })).status).toBe(0);
  expect((await cli(["export", "--keyset", "--base64url", ...merge])).status).toBe(0);
  const [first, second, third] = readFileSync(out, "utf8").split("\n");
  expect([first, second]).toEqual([`MCP_API_KEY=${TOKEN} # ours`, "B=2"]);
  const MCP_API_KEYSET = third!.replace("MCP_API_KEYSET=", "");
  expect((await cli("list", { env: { MCP_KEYS_STORE: "env:", MCP_API_KEYSET } })).stdout).toContain("ci");
  expect(statSync(out).mode & 0o777).toBe(0o600);
});

test("refuses a keyset that a .env file cannot represent, and leaves the file alone", async () => {
  const { cli, dir } = createCli();
  await cli(["generate", "ci", "--scope", "it's"]);
  const out = join(dir, ".env");
  writeFileSync(out, "MCP_API_KEY=old\n");
  const ran = await cli(["export", "--keyset", "--out", out, "--format", "dotenv", "--merge"]);
  expect(ran).toMatchObject({ status: 2, stdout: "" });
  expect(ran.stderr).toContain("contains a single quote");
  expect(readFileSync(out, "utf8")).toBe("MCP_API_KEY=old\n");
  expect(readdirSync(dir).filter((name) => name.endsWith(".tmp"))).toEqual([]);
});

test("--keyset --out writes a file that servers of other users can read", async () => {
  const { cli, dir } = createCli();
  await cli("generate ci");
  const out = join(dir, "keyset.json");
  const ran = await cli(["export", "--keyset", "--out", out]);
  expect(ran).toMatchObject({ status: 0, stdout: "", stderr: `delivered the keyset to file:${out}\n` });
  expect(statSync(out).mode & 0o777).toBe(0o644);
  expect((await cli("list", { env: { MCP_KEYS_STORE: `keyset:${out}` } })).stdout).toContain("ci");
  expect((await cli(["export", "--keyset", "--out", out])).status).toBe(5);
  await cli("generate web");
  expect((await cli(["export", "--keyset", "--out", out, "--force"])).status).toBe(0);
  expect((await cli("list", { env: { MCP_KEYS_STORE: `keyset:${out}` } })).stdout).toContain("web");
  expect(readdirSync(dir).filter((name) => name.endsWith(".tmp"))).toEqual([]);
});

test("--keyset --to passes a keyset of any length to a command", async () => {
  const { cli, dir } = createCli();
  for (let i = 0; i < 60; i++) await cli(`generate key-${String(i)}`);
  const out = join(dir, "taken");
  const { stdout } = await cli("export --keyset");
  expect((await cli(["export", "--keyset", "--to", `cat > '${out}'`])).status).toBe(0);
  expect(readFileSync(out, "utf8").length).toBeGreaterThan(8_192);
  expect(JSON.parse(readFileSync(out, "utf8")).keys).toEqual(JSON.parse(stdout).keys);
});

test("a failed destination is an error, and nothing is printed or left behind", async () => {
  const { cli, dir } = createCli();
  symlinkSync("nothing", join(dir, "link"));
  for (const [flags, status, says] of [
    [["--to", "exit 3"], 5, "exit status 3 without reading the token"],
    [["--to", "no-such-program"], 5, "cannot find the command"],
    [["--out", join(dir, "link")], 5, "is a symbolic link"],
    [["--out", join(dir, "link"), "--format", "dotenv", "--merge"], 5, "is a symbolic link"],
    [["--out", join(dir, "none/key")], 5, "does not exist"],
    [["--out", join(dir, "key"), "--to", "exit 3"], 5, `already delivered to file:${join(dir, "key")}`],
    [["--merge"], 2, "--merge needs --out and --format dotenv"],
    [["--force"], 2, "--force has no effect without --out"],
    [["--to-newline"], 2, "--to-newline has no effect without --to"],
    [["--grace", "1s"], 2, "--grace has no effect without --to"],
  ] as const) {
    const ran = await cli(["export", ...flags], { piped: TOKEN });
    expect(ran).toMatchObject({ status, stdout: "" });
    expect(ran.stderr).toContain(says);
    expect(ran.stderr).not.toContain(TOKEN);
  }
  expect(readdirSync(dir).sort()).toEqual(["key", "link"]);
  expect(existsSync(join(dir, "nothing"))).toBe(false);
});
