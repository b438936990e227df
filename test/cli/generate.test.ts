import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseToken } from "../../src/core/token.ts";
import { createCli } from "./fake-world.ts";

const TOKEN = /^mcp_[A-Za-z0-9]{12}_[A-Za-z0-9]{49}\n$/;

describe("generate", () => {
  test("prints only the token and does not store it", async () => {
    const { cli, file } = createCli();
    const { status, stdout, stderr } = await cli("generate ci");
    expect(status).toBe(0);
    expect(stdout).toMatch(TOKEN);
    expect(parseToken(stdout.trim()).ok).toBe(true);
    expect(stderr).toMatch(/^issued ci \([A-Za-z0-9]{12}\); expires \d{4}-\d\d-\d\d; the token is shown only once\n$/);
    const secret = stdout.trim().split("_")[2] ?? "";
    expect(readFileSync(file, "utf8")).not.toContain(secret.slice(0, 20));
    expect((await cli("check", { piped: stdout })).status).toBe(0);
  });

  test("uses the name `default`, then a name made from the id", async () => {
    const { cli } = createCli();
    await cli("generate");
    await cli("generate");
    const { keys } = JSON.parse((await cli("list --json")).stdout);
    expect(keys.map(({ name }: { name: string }) => name)).toEqual(
      expect.arrayContaining(["default", expect.stringMatching(/^key-[A-Za-z0-9]{12}$/)]),
    );
    const made = keys.find(({ name }: { name: string }) => name !== "default");
    expect(made.name).toBe(`key-${made.id}`);
  });

  test("--replace leaves the name with the revoked key if the new one cannot be issued", async () => {
    const { cli, clock } = createCli();
    const { id } = JSON.parse((await cli("generate ci --json")).stdout).key;
    await cli("revoke ci --yes");
    clock.now -= 86_400;
    expect((await cli("generate ci --replace")).status).toBe(5);
    expect(JSON.parse((await cli("show ci --json")).stdout).key).toMatchObject({ id });
    clock.now += 86_400;
    expect((await cli("generate ci --replace")).status).toBe(0);
    expect((await cli(`audit --key ${id}`)).stdout).toMatch(
      new RegExp(`generate  ci\\.${id} .* name released by ${id}\n$`),
    );
  });

  test("--json prints one document with the token", async () => {
    const { cli } = createCli({ now: 1_800_000_000 });
    const { stdout } = await cli(
      "generate ci --scope a,b --owner ops --tag team=x --audience https://HOST/mcp/ --json",
    );
    const document = JSON.parse(stdout);
    expect(Object.keys(document)).toEqual(["schemaVersion", "key", "version", "position", "token"]);
    expect(document).toMatchObject({
      schemaVersion: 1,
      key: {
        name: "ci",
        status: "active",
        scopes: ["a", "b"],
        owner: "ops",
        tags: { team: "x" },
        audience: ["https://host/mcp"],
        createdAt: "2027-01-15T08:00:00Z",
        createdBy: "ada@laptop",
        lastUsedAt: null,
        enabled: true,
      },
      version: { n: 1, state: "current", expiresAt: "2027-04-15T08:00:00Z" },
    });
    expect(`${document.token}\n`).toMatch(TOKEN);
    expect(stdout).not.toContain("sha256");
  });

  test.each([
    ["generate ci --format shell", /^export MCP_API_KEY='mcp_\w+'\n$/],
    ["generate ci --format dotenv --env-name NOTES_KEY", /^NOTES_KEY='?mcp_\w+'?\n$/],
    ["generate ci --prefix acme_live", /^acme_live_\w+\n$/],
  ])("%s", async (line, expected) => {
    const { cli } = createCli();
    expect((await cli(line)).stdout).toMatch(expected);
  });

  test("--out writes a file that only its owner can read and prints nothing", async () => {
    const { cli, dir } = createCli();
    const out = join(dir, "ci.key");
    const { status, stdout, stderr } = await cli(["generate", "ci", "--out", out]);
    expect({ status, stdout }).toEqual({ status: 0, stdout: "" });
    expect(stderr).toContain(`delivered the token to file:${out}`);
    expect(readFileSync(out, "utf8")).toMatch(TOKEN);
    expect(statSync(out).mode & 0o777).toBe(0o600);
    const again = await cli(["generate", "other", "--out", out]);
    expect(again).toMatchObject({ status: 5, stdout: "" });
    expect((await cli("list --json")).stdout).not.toContain("other");
    expect((await cli(["generate", "other", "--out", out, "--force", "--json"])).stdout).toMatch(
      /^{"schemaVersion":1,.*"delivered":\["file:[^"]+"\]}\n$/,
    );
  });

  test("--merge sets one variable in an existing .env file, without --force", async () => {
    const { cli, dir } = createCli();
    const out = join(dir, ".env");
    writeFileSync(out, "# ours\r\nA='1'\r\nMCP_API_KEY=\"old\"\r\nB=2", { mode: 0o644 });
    const ran = await cli(["generate", "ci", "--out", out, "--format", "dotenv", "--merge"]);
    expect(ran).toMatchObject({ status: 0, stdout: "" });
    expect(ran.stderr).toContain(`warning: other users can read ${out}; fix it with: chmod 600 ${out}\n`);
    expect(ran.stderr).toContain(`delivered the token to file:${out}`);
    const merged = readFileSync(out, "utf8");
    expect(merged).toMatch(/^# ours\r\nA='1'\r\nMCP_API_KEY="mcp_\w+"\r\nB=2$/);
    expect((await cli("check", { piped: /mcp_\w+/.exec(merged)![0] })).status).toBe(0);
    const more = ["--env-name", "OTHER_KEY", "--out", out, "--format", "dotenv", "--merge"];
    expect((await cli(["rotate", "ci", ...more])).status).toBe(0);
    expect(readFileSync(out, "utf8").replace(merged, "")).toMatch(/^\r\nOTHER_KEY=mcp_\w+\r\n$/);
  });

  test("--merge fails before the store is written if programs read the file in different ways", async () => {
    const { cli, dir } = createCli();
    const out = join(dir, ".env");
    writeFileSync(out, 'MCP_API_KEY="a\\"b"\n');
    const ran = await cli(["generate", "ci", "--out", out, "--format", "dotenv", "--merge"]);
    expect(ran).toMatchObject({ status: 2, stdout: "" });
    expect(ran.stderr).toContain(`line 1 of ${out} has quotes or line breaks that programs read differently`);
    expect(readFileSync(out, "utf8")).toBe('MCP_API_KEY="a\\"b"\n');
    expect((await cli("list")).stdout).toBe("");
  });

  test("--to passes the token to a command byte for byte; --json does not contain it", async () => {
    const { cli, dir } = createCli();
    const out = join(dir, "taken");
    const { status, stdout } = await cli(["generate", "ci", "--to", `cat > '${out}'`, "--json"]);
    expect(status).toBe(0);
    const document = JSON.parse(stdout);
    expect(document).not.toHaveProperty("token");
    expect(document.delivered).toEqual([`command:cat > '${out}'`]);
    expect(`${readFileSync(out, "utf8")}\n`).toMatch(TOKEN);
  });

  test("delivers to --out and then to each --to, in the order of the line", async () => {
    const { cli, dir } = createCli();
    const out = join(dir, ".env");
    const log = join(dir, "log");
    const keep = (name: string): string => `{ echo ${name}; ls '${out}'; cat; } >> '${log}'`;
    const flags = ["--to", keep("b"), "--out", out, "--format", "dotenv", "--merge", "--to", keep("a"), "--to-newline"];
    const { status, stdout, stderr } = await cli(["generate", "ci", ...flags, "--json"]);
    expect(status).toBe(0);
    expect(JSON.parse(stdout).delivered).toEqual([`file:${out}`, `command:${keep("b")}`, `command:${keep("a")}`]);
    expect(stderr).toContain(`delivered the token to file:${out} and command:`);
    const [, token] = /^MCP_API_KEY=(mcp_\w+)\n$/.exec(readFileSync(out, "utf8"))!;
    // Next to a file, the format is that of the file: the commands get the bare token.
    expect(readFileSync(log, "utf8")).toBe(`b\n${out}\n${token!}\na\n${out}\n${token!}\n`);
    expect((await cli("check", { piped: token! })).status).toBe(0);
  });

  test("--to-newline ends the input with one newline, whatever the format", async () => {
    const { cli, dir } = createCli();
    const out = join(dir, "taken");
    await cli(["generate", "a", "--to", `cat > '${out}'`, "--to-newline"]);
    expect(readFileSync(out, "utf8")).toMatch(TOKEN);
    await cli(["generate", "b", "--to", `cat > '${out}'`, "--to-newline", "--format", "shell"]);
    expect(readFileSync(out, "utf8")).toMatch(/^export MCP_API_KEY='mcp_\w+'\n$/);
  });

  test.each([
    [
      "the first fails",
      ["--to", "exit 3", "--to", "cat > $OUT"],
      "command:exit 3: the command failed",
      "revoked",
      false,
    ],
    [
      "the last fails without reading",
      ["--to", "cat > $OUT", "--to", "exit 3"],
      "command:exit 3: the command failed with exit status 3 without reading the token; already delivered to command:cat > ",
      "active",
      true,
    ],
    [
      "the last fails after reading",
      ["--to", "cat > $OUT", "--to", "cat >/dev/null; exit 3"],
      "command:cat >/dev/null; exit 3: the command failed with exit status 3; already delivered to command:cat > ",
      "active",
      true,
    ],
  ])("several destinations, and %s", async (_, given, says, keyStatus, isTaken) => {
    const { cli, dir } = createCli();
    const out = join(dir, "taken");
    const flags = given.map((word) => word.replace("$OUT", `'${out}'`));
    const { status, stderr } = await cli(["generate", "ci", ...flags]);
    expect(status).toBe(5);
    expect(stderr).toContain(`error: ${says}`);
    const { keys } = JSON.parse((await cli("list --json")).stdout);
    expect(keys).toMatchObject([
      { name: "ci", status: keyStatus, versions: [{ state: isTaken ? "pending" : "revoked" }] },
    ]);
    expect(existsSync(out)).toBe(isTaken);
    if (!isTaken) return;
    expect((await cli("check", { piped: readFileSync(out, "utf8") })).status).toBe(0);
    const settled = await cli("rotate ci");
    expect((await cli("check", { piped: settled.stdout })).status).toBe(0);
    expect((await cli("check", { piped: readFileSync(out, "utf8") })).status).toBe(0);
  });

  test("leaves no valid key if the token was not delivered; the same command can run again", async () => {
    const { cli } = createCli();
    const failed = await cli("generate ci", { brokenStdout: true });
    expect(failed).toMatchObject({ status: 141, stdout: "" });
    const { keys } = JSON.parse((await cli("list --json")).stdout);
    expect(keys).toMatchObject([{ name: "ci", status: "revoked", versions: [{ reason: "undelivered" }] }]);
    const again = await cli("generate ci --scope later");
    expect(again.status).toBe(0);
    expect((await cli("check --scope later", { piped: again.stdout })).status).toBe(0);
    expect((await cli("list --json")).stdout).toContain(`"id":"${keys[0].id}"`);
  });

  test("keeps a token valid that a failed command may have stored and explains how to continue", async () => {
    const { cli, dir } = createCli();
    const out = join(dir, "taken");
    const failed = await cli(["generate", "ci", "--to", `cat > '${out}'; exit 3`]);
    expect(failed.status).toBe(5);
    expect(failed.stderr).toContain("error: the command failed with exit status 3");
    expect(failed.stderr).toContain("hint: deliver a new token to the same destination: mcp-keys rotate ci;");
    expect((await cli("check", { piped: readFileSync(out, "utf8") })).status).toBe(0);
    const taken = await cli("generate ci");
    expect(taken.status).toBe(5);
    expect(taken.stderr).toContain("hint: an earlier run did not finish; finish it with: mcp-keys rotate ci");
    const rotated = await cli("rotate ci");
    expect((await cli("check", { piped: rotated.stdout })).status).toBe(0);
    expect((await cli("check", { piped: readFileSync(out, "utf8") })).status).toBe(0);
  });

  test("warns that a store in memory loses the key at once", async () => {
    const { status, stderr } = await createCli().cli("generate ci --store memory:");
    expect(status).toBe(0);
    expect(stderr).toContain("warning: memory: keeps nothing after this command, so no server accepts this token");
    expect((await createCli().cli("generate ci")).stderr).not.toContain("warning");
  });

  test("takes one value for each --scope, --audience and --tag, and splits them at commas", async () => {
    const { cli } = createCli();
    await cli(["generate", "--scope", "a", "ci"]);
    await cli(["generate", "--scope", "a, b,a", "--scope=c", "--tag", "team=x,env=y", "--tag", "on=a,b", "many"]);
    await cli([
      "generate",
      "servers",
      "--audience",
      "https://one/mcp,https://two/mcp",
      "--audience",
      "https://one/mcp/",
    ]);
    const shown = async (name: string) => JSON.parse((await cli(`show ${name} --json`)).stdout).key;
    expect(await shown("ci")).toMatchObject({ scopes: ["a"] });
    expect(await shown("many")).toMatchObject({ scopes: ["a", "b", "c"], tags: { team: "x", env: "y", on: "a,b" } });
    expect(await shown("servers")).toMatchObject({ audience: ["https://one/mcp", "https://two/mcp"] });
  });

  test.each([
    [["--scope", ""], "--scope has an empty value"],
    [["--scope", "a,,b"], "--scope has an empty value"],
    [["--scope", " "], "--scope has an empty value"],
    [["--scope", "*"], "wildcards are not supported"],
    [["--scope", "notes:*"], "wildcards are not supported"],
    [["--scope", 'a"b'], "is not a valid scope"],
    [["--scope", "a\\b"], "is not a valid scope"],
    [["--scope", "é"], "is not a valid scope"],
    [["--audience", ","], "--audience has an empty value"],
    [["--audience", "https://one/mcp, two"], '"two" is not a server URL'],
    [["--audience", "https://one/a b"], "is not a server URL"],
    [["--tag", ""], "--tag has an empty value"],
    [["--tag", "team= "], "the value of the tag team is empty"],
    [["--tag", "team=a", "--tag", "team=b"], '--tag gives "team" two values'],
    [["--note", ""], "the note is empty"],
    [["--owner", "  "], "the owner is empty"],
  ])("rejects %j", async (flags, says) => {
    const { cli } = createCli();
    const ran = await cli(["generate", "ci", ...flags]);
    expect(ran).toMatchObject({ status: 2, stdout: "" });
    expect(ran.stderr).toContain(says);
    expect((await cli("list")).stdout).toBe("");
  });

  test.each([
    ["30d", "; expires 2027-02-14; ", ""],
    ["never", "; never expires; ", ""],
    ["24h", "; expires 2027-01-16T08:00:00Z; ", ""],
    ["6m", "; expires 2027-01-15T08:06:00Z; ", "warning: ci expires in 6 minutes; for 6 months write 180d\n"],
    ["90s", "; expires 2027-01-15T08:01:30Z; ", "warning: ci expires in 90 seconds\n"],
    [
      "2027-01-15T08:20:00.500Z",
      "; expires 2027-01-15T08:20:00Z; ",
      "warning: ci expires in 20 minutes; for 20 months",
    ],
    ["60m", "; expires 2027-01-15T09:00:00Z; ", ""],
  ])("--expires %s says when the key expires", async (when, says, warning) => {
    const { cli } = createCli();
    const expectBoth = ({ stderr }: { stderr: string }): void => {
      expect(stderr).toContain(says);
      expect(stderr.includes("warning:")).toBe(warning !== "");
      expect(stderr).toContain(warning);
    };
    expectBoth(await cli(`generate ci --expires ${when}`));
    expectBoth(await cli(`rotate ci --expires ${when} --json`));
    const quiet = await cli(`rotate ci --expires ${when} --quiet`);
    expect(quiet.stderr).toContain(warning);
  });

  test.each([
    { line: "generate 'a b'", status: 2, says: "is not a valid key name" },
    { line: "generate ci --expires yesterday", status: 2, says: "hint: use 90d, 2027-03-01 or never" },
    { line: "generate ci --prefix MCP", status: 2, says: '"MCP" is not a valid prefix' },
    { line: "generate ci --scope 'a b'", status: 2, says: "is not a valid scope" },
    { line: "generate ci --tag x", status: 2, says: "a tag must have the form name=value" },
    { line: "generate ci --audience host", status: 2, says: "is not a server URL" },
    { line: "generate ci --format xml", status: 2, says: "choose one of token, shell" },
    { line: "generate ci --env-name 1x", status: 2, says: "hint:" },
    { line: "generate ci --to-newline", status: 2, says: "--to-newline has no effect without --to" },
    { line: "generate ci --to cat --to ''", status: 2, says: "the command is empty" },
    { line: "generate ci --to cat --to no-such-program", status: 5, says: "cannot find the command no-such-program" },
    { line: "generate ci --out /nonexistent/dir/file --to cat", status: 5, says: "does not exist" },
    { line: "generate ci --merge", status: 2, says: "--merge needs --out and --format dotenv" },
    { line: "generate ci --merge --out x --format shell", status: 2, says: "--merge needs --out and --format dotenv" },
    { line: "generate ci --merge --to x --format dotenv", status: 2, says: "--merge needs --out and --format dotenv" },
    { line: "generate ci --json --format shell", status: 2, says: "--json and --format cannot both write" },
    { line: "generate ci extra", status: 2, says: "too many arguments" },
    { line: "generate ci --exipres 3d", status: 2, says: "did you mean --expires?" },
    { line: "generate ci --out /nonexistent/dir/file", status: 5, says: "hint:" },
    { line: "generate taken", status: 5, says: "a key named taken already exists" },
  ])("$line exits with $status and explains how to fix it", async ({ line, status, says }) => {
    const { cli } = createCli();
    await cli("generate taken");
    const ran = await cli(line);
    expect(ran).toMatchObject({ status, stdout: "" });
    expect(ran.stderr.toLowerCase()).toContain(says.toLowerCase());
    expect(JSON.parse((await cli("list --json")).stdout).keys).toHaveLength(1);
  });

  test("prompts for missing values", async () => {
    const { cli } = createCli();
    const ran = await cli("generate --json", { answers: ["a b", "ci", "", "notes:read notes:write"] });
    expect(ran.status).toBe(0);
    expect(JSON.parse(ran.stdout).key).toMatchObject({ name: "ci", scopes: ["notes:read", "notes:write"] });
  });

  test("does not prompt with --no-input, in CI or with a name", async () => {
    const { cli } = createCli({ answers: [] });
    expect((await cli("generate --no-input")).status).toBe(0);
    expect((await cli("generate", { env: { CI: "true" } })).status).toBe(0);
    expect((await cli("generate named")).status).toBe(0);
  });

  test("an unusable store path is reported with a hint", async () => {
    const { cli, dir } = createCli();
    writeFileSync(join(dir, "plain"), "");
    mkdirSync(join(dir, "folder"));
    for (const path of [join(dir, "plain", "keys.jsonl"), join(dir, "folder")]) {
      const ran = await cli(["generate", "ci", "--store", `file:${path}`]);
      expect(ran).toMatchObject({ status: 6, stdout: "" });
      expect(ran.stderr).toMatch(/^error: .+\nhint: .+\n$/);
    }
  });
});
