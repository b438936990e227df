import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createCli } from "./fake-world.ts";

const TOKEN = "4fQ8Zr2LxWm7Vt0KcB9nYs6Jd3Hg5Pa1";
const WEAK = "changeme123";

describe("import", () => {
  test.each([
    ["standard input", "import shared", { piped: `${TOKEN}\n` }],
    ["the variable of --token-env", "import shared --token-env OLD", { env: { OLD: TOKEN }, piped: "not read" }],
    ["a prompt", "import shared", { answers: [TOKEN] }],
  ])("takes the token from %s, prints nothing, and the token is valid", async (_, line, options) => {
    const { cli } = createCli();
    const ran = await cli(line, options);
    expect(ran).toMatchObject({ status: 0, stdout: "" });
    expect(ran.stderr).toMatch(/^imported shared \(\w{12}\); expires 2027-04-15; its token works as before\n/);
    expect((await cli("check", { piped: TOKEN })).stdout).toMatch(/^valid: shared .*version 1/);
  });

  test("asks for name, expiry, scopes and token on a terminal", async () => {
    const { cli } = createCli();
    const ran = await cli("import", { answers: ["shared", "30d", "notes:read", TOKEN] });
    expect(ran.status, ran.stderr).toBe(0);
    expect(ran.stderr).not.toContain(TOKEN);
    const { key } = JSON.parse((await cli("show shared --json")).stdout);
    expect(key).toMatchObject({ scopes: ["notes:read"], prefix: "opaque" });
  });

  test("takes the settings of generate, and prints the key as JSON", async () => {
    const { cli } = createCli();
    const flags = "--expires never --scope a --audience https://host.example/mcp --owner ada --note old --tag team=x";
    const ran = await cli(`import shared --json ${flags}`, { piped: TOKEN });
    expect(JSON.parse(ran.stdout)).toMatchObject({
      schemaVersion: 1,
      keys: [
        {
          ...{ name: "shared", scopes: ["a"], audience: ["https://host.example/mcp"], owner: "ada", note: "old" },
          ...{ tags: { team: "x" }, versions: [{ n: 1, state: "current", expiresAt: null }] },
        },
      ],
    });
  });

  test("does not take MCP_API_KEY unless it is named", async () => {
    const { cli } = createCli();
    const ran = await cli("import shared", { env: { MCP_API_KEY: TOKEN } });
    expect(ran.status).toBe(2);
    expect(ran.stderr).toMatch(/no token was given\nhint: pipe it in, or name its variable with --token-env/);
  });

  test("refuses a weak token, and with --allow-weak marks it in show, list, JSON and doctor until it is rotated away", async () => {
    const { cli, clock } = createCli();
    const refused = await cli("import shared", { piped: WEAK });
    expect(refused.status).toBe(2);
    expect(refused.stderr).toMatch(/it has less than 128 random bits\nhint: .*--allow-weak/);
    const ran = await cli("import shared --allow-weak", { piped: WEAK });
    expect(ran.stderr).toMatch(
      /warning: the token of shared can be guessed; replace it with: mcp-keys rotate shared\n/,
    );

    expect((await cli("show shared")).stdout).toMatch(/^1 +current, weak/m);
    const list = await cli("list");
    expect(list.stdout).toMatch(/shared .* active, weak /);
    expect(list.stderr).toMatch(/warning: the token of shared can be guessed/);
    expect(JSON.parse((await cli("list --json")).stdout).keys).toMatchObject([{ versions: [{ n: 1, weak: true }] }]);
    expect((await cli("doctor")).stdout).toMatch(/the token of version 1 of shared can be guessed/);

    await cli("rotate shared --overlap 1h");
    const retiring = await cli("list");
    expect(retiring.stdout).toMatch(/active, weak/);
    expect(retiring.stderr).toMatch(/can be guessed; end it with: mcp-keys rotate shared --finish\n/);
    expect((await cli("doctor")).stdout).toMatch(/mcp-keys rotate shared --finish/);
    clock.now += 3_600;
    const after = await cli("list");
    expect(after.stdout + after.stderr).not.toMatch(/weak|guessed/);
    expect((await cli("doctor")).stdout).not.toMatch(/can be guessed/);
  });

  test("repeats --store in the advice on a weak token", async () => {
    const { cli, dir } = createCli();
    const store = `file:${dir}/other.jsonl`;
    const ran = await cli(`import shared --allow-weak --store ${store}`, { piped: WEAK });
    expect(ran.stderr).toContain(`mcp-keys rotate --store ${store} shared`);
  });

  test.each([
    ["a name that is taken", "import ci", TOKEN, 5, "NAME_TAKEN"],
    ["a token that is already there", "import again", "old", 5, "TOKEN_TAKEN"],
    ["a revoked token", "import again", "revoked", 5, "KEY_NOT_ACTIVE"],
    ["a token in quotes", "import x", `"${TOKEN}"`, 2, "TOKEN_UNUSABLE"],
    ["an empty input", "import x", "", 2, "INPUT_REQUIRED"],
    ["an invalid name", "import a/b", TOKEN, 2, "USAGE"],
    ["a read-only store", "import x --store env:", TOKEN, 5, "STORE_READ_ONLY"],
  ])("refuses %s", async (_, line, token, status, code) => {
    const { cli, file } = createCli();
    await cli("generate ci");
    const [old, revoked] = ["A1b2C3d4E5f6G7h8J9k0L1m2N3p4", "Z9y8X7w6V5u4T3s2R1q0P9n8M7k6"];
    await cli("import old", { piped: old });
    await cli("import revoked", { piped: revoked });
    await cli("revoke revoked --yes");
    const before = readFileSync(file, "utf8");
    const piped = { old, revoked }[token] ?? token;
    const ran = await cli(`${line} --json`, { piped });
    expect(JSON.parse(ran.stderr)).toMatchObject({ error: { code } });
    expect(ran).toMatchObject({ status, stdout: "" });
    expect(readFileSync(file, "utf8")).toBe(before);
  });
});

describe("import --digests", () => {
  const sha256 = (token: string, encoding: "hex" | "base64" | "base64url" = "hex") =>
    createHash("sha256").update(token).digest(encoding);
  const lines = (...entries: object[]) => entries.map((entry) => `${JSON.stringify(entry)}\n`).join("");

  test("imports each line, from a file or from standard input", async () => {
    for (const source of ["file", "-"]) {
      const { cli, dir } = createCli();
      const text = lines(
        { name: "a", sha256: sha256("token-a"), scopes: ["x"], expiresAt: null },
        { name: "b", sha256: sha256("token-b", "base64"), encoding: "base64", expiresAt: "2020-01-01" },
        { name: "c", sha256: sha256("token-c", "base64url"), encoding: "base64url", enabled: false },
      );
      const file = join(dir, "export.jsonl");
      writeFileSync(file, text);
      const ran = await cli(`import --digests ${source === "-" ? "-" : file} --json`, { piped: text });
      expect(ran.stderr).toBe("imported 3 keys; 1 already expired\n");
      const { keys } = JSON.parse(ran.stdout);
      expect(keys.map((key: { name: string; status: string }) => [key.name, key.status])).toEqual([
        ["a", "active"],
        ["b", "expired"],
        ["c", "disabled"],
      ]);
      expect(keys[2].versions[0].expiresAt).toBe("2027-04-15T08:00:00Z");
      expect((await cli("check --scope x", { piped: "token-a" })).status).toBe(0);
      expect((await cli("audit")).stdout.match(/import/g)).toHaveLength(3);
    }
  });

  test.each([
    ["a faulty line", lines({ name: "a", sha256: sha256("a") }, { name: "b" }), "USAGE", /^line 2: name or sha256/],
    ["a taken name", `\n${lines({ name: "ci", sha256: sha256("a") })}`, "NAME_TAKEN", /^line 2: a key named ci/],
    ["no line", "\n", "USAGE", /the input of --digests is empty/],
  ])("imports nothing for %s, and names the line", async (_, text, code, message) => {
    const { cli, file } = createCli();
    await cli("generate ci");
    const before = readFileSync(file, "utf8");
    const ran = await cli("import --digests - --json", { piped: text });
    const { error } = JSON.parse(ran.stderr);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
    expect(readFileSync(file, "utf8")).toBe(before);
  });

  test.each<[string, string]>([
    ["a name", "import ci --digests -"],
    ["--scope", "import --digests - --scope a"],
    ["--allow-weak", "import --digests - --allow-weak"],
    ["--token-env", "import --digests - --token-env OLD"],
    ["a missing file", "import --digests /nowhere/x.jsonl"],
    ["a folder", "import --digests /"],
    ...(existsSync("/dev/zero") ? [["a file without an end", "import --digests /dev/zero"] as [string, string]] : []),
  ])("refuses %s", async (_, line) => {
    const { cli } = createCli();
    const ran = await cli(`${line} --json`, { piped: lines({ name: "a", sha256: sha256("a") }) });
    expect(ran.status).toBe(2);
    expect(JSON.parse(ran.stderr)).toMatchObject({ error: { code: "USAGE" } });
  });

  test("takes --expires for lines without a time", async () => {
    const { cli } = createCli();
    const ran = await cli("import --digests - --expires never --json", {
      piped: lines({ name: "a", sha256: sha256("a") }),
    });
    expect(JSON.parse(ran.stdout).keys[0].versions[0].expiresAt).toBeNull();
  });
});
