import { describe, expect, test } from "vitest";
import { createCli } from "./fake-world.ts";

const DAY = 86_400;

describe("list", () => {
  test("lists keys newest first, with their current status", async () => {
    const { cli, clock } = createCli();
    await cli("generate old --expires 30d --tag team=a");
    clock.now += 20 * DAY;
    await cli("generate new --tag team=b");
    await cli("disable new");
    await cli("generate gone");
    await cli("revoke gone --yes");
    const { stdout } = await cli("list");
    const rows = stdout.split("\n").map((line) => line.split(/ {2,}/).filter((_, i) => i !== 1));
    expect(rows[0]).toEqual(["NAME", "STATUS", "EXPIRES", "LAST USED", "SCOPES"]);
    expect(rows.slice(1, 4)).toEqual(
      expect.arrayContaining([
        ["gone", "revoked", "-", "-", "-"],
        ["new", "disabled", expect.any(String), "-", "-"],
      ]),
    );
    expect(rows[3]).toEqual(["old", "expiring", "2027-02-14", "-", "-"]);
    const named = async (line: string) =>
      JSON.parse((await cli(line)).stdout).keys.map(({ name }: { name: string }) => name);
    expect(await named("list --json --status revoked,disabled")).toHaveLength(2);
    expect(await named("list --json --tag team=a")).toEqual(["old"]);
    expect(await named("list --json --expiring 5d")).toEqual([]);
    expect(await named("list --json --expiring 11d")).toEqual(["old"]);
    clock.now += 10 * DAY;
    expect(await named("list --json --status expired")).toEqual(["old"]);
  });

  test("prints nothing for an empty store and names the store", async () => {
    const { cli, file } = createCli();
    expect(await cli("list")).toMatchObject({ status: 0, stdout: "", stderr: `no keys in file:${file}\n` });
    expect(JSON.parse((await cli("list --json")).stdout)).toEqual({
      schemaVersion: 1,
      store: `file:${file}`,
      keys: [],
    });
  });

  test("says that no key matches, not that the store is empty", async () => {
    const { cli, file } = createCli();
    await cli("generate ci --expires 30d");
    expect((await cli("list --expiring 1d")).stderr).toBe(`no matching keys in file:${file}\n`);
  });
});

test("durations in minutes that were meant as months get a warning", async () => {
  const { cli } = createCli();
  await cli("generate ci");
  expect((await cli("list --expiring 6m")).stderr).toContain(
    "warning: --expiring is 6 minutes; for 6 months write 180d",
  );
  expect((await cli("rotate ci --if-older-than 3m")).stderr).toContain("warning: --if-older-than is 3 minutes");
  expect((await cli("rotate ci --overlap 6m --if-older-than 60m")).stderr).not.toContain("warning:");
});

describe("show", () => {
  test("shows a key by name or id, with the state of its versions", async () => {
    const { cli } = createCli();
    await cli("generate ci --note 'nightly build' --scope a");
    await cli("rotate ci --overlap 1h --json");
    const { key } = JSON.parse((await cli("show ci --json")).stdout);
    expect(JSON.parse((await cli(`show ${key.id} --json`)).stdout).key).toEqual(key);
    const { stdout } = await cli("show ci");
    expect(stdout).toMatch(/^name {5,}ci\n/);
    expect(stdout).toContain("nightly build");
    expect(stdout).toMatch(/1 +retiring until 2027-01-15T09:00:00Z/);
    expect(stdout).toMatch(/2 +current/);
  });

  test("shows the state of a version now, not the one that was written", async () => {
    const { cli, clock } = createCli();
    await cli("generate ci --expires 2d");
    await cli("rotate ci --overlap 1h");
    const states = async (line: string): Promise<unknown> => {
      const { key, keys } = JSON.parse((await cli(`${line} --json`)).stdout);
      return (key ?? keys[0]).versions.map(({ state }: { state: string }) => state);
    };
    expect(await states("show ci")).toEqual(["retiring", "current"]);
    clock.now += 3_600;
    expect(await states("show ci")).toEqual(["retired", "current"]);
    expect(await states("list")).toEqual(["retired", "current"]);
    const { stdout } = await cli("show ci");
    expect(stdout).toMatch(/^expires {3,}2027-01-17$/m);
    expect(stdout).toMatch(/1 +retired +2027/);
    clock.now += 3 * DAY;
    expect(await states("show ci")).toEqual(["retired", "expired"]);
    expect((await cli("show ci")).stdout).toMatch(/2 +expired/);
    await cli("revoke ci --yes");
    expect(await states("show ci")).toEqual(["revoked", "revoked"]);
  });

  test("exits with 3 for an unknown key", async () => {
    expect((await createCli().cli("show missing")).status).toBe(3);
  });
});

describe("revoke", () => {
  test("revokes a key; a second time changes nothing", async () => {
    const { cli } = createCli();
    const { stdout: token } = await cli("generate ci");
    const first = JSON.parse((await cli("revoke ci --yes --reason compromised --json")).stdout);
    expect(first).toMatchObject({ schemaVersion: 1, changed: true, key: { status: "revoked" } });
    expect(first.key.versions).toMatchObject([{ state: "revoked", reason: "compromised" }]);
    expect(JSON.parse((await cli("revoke ci --yes --json")).stdout)).toMatchObject({ changed: false });
    expect(await cli("check", { piped: token })).toMatchObject({ status: 4 });
    expect((await cli("check", { piped: token })).stdout).toMatch(/^refused \(revoked\): ci/);
  });

  test("revokes one version with --version", async () => {
    const { cli } = createCli();
    const { stdout: first } = await cli("generate ci");
    const { stdout: second } = await cli("rotate ci");
    expect((await cli("revoke ci --version 1 --yes")).status).toBe(0);
    expect((await cli("check", { piped: first })).status).toBe(4);
    expect((await cli("check", { piped: second })).status).toBe(0);
    expect((await cli("revoke ci --version 7 --yes")).status).toBe(3);
    expect((await cli("revoke ci --version x --yes")).status).toBe(2);
  });

  test("asks a person to type the name and requires --yes in a script", async () => {
    const { cli } = createCli();
    await cli("generate ci");
    const refused = await cli("revoke ci");
    expect(refused.status).toBe(2);
    expect(refused.stderr).toContain("hint: confirm with --yes");
    expect((await cli("revoke ci", { answers: ["no", "ci"] })).status).toBe(0);
  });
});

describe("the name of a revoked key", () => {
  const named = async (cli: ReturnType<typeof createCli>["cli"], ref: string) =>
    JSON.parse((await cli(`show ${ref} --json`)).stdout).key as { id: string; name: string; status: string };

  test("is free after revoke --release-name; the id still finds the old key", async () => {
    const { cli } = createCli();
    const { id } = JSON.parse((await cli("generate bob --json")).stdout).key;
    const revoked = await cli("revoke bob --yes --release-name");
    expect(revoked.stderr).toBe(`revoked bob.${id} (${id})\nthe name bob is free again\n`);
    expect((await cli("show bob")).status).toBe(3);
    expect((await cli("generate bob")).status).toBe(0);
    expect(await named(cli, id)).toMatchObject({ name: `bob.${id}`, status: "revoked" });
    expect((await named(cli, "bob")).id).not.toBe(id);
    expect((await cli(`audit --key ${id}`)).stdout).toMatch(/revoke {2}bob\.\w+ \(\w+\) {2}other, name released\n$/);
  });

  test("can be released later, once", async () => {
    const { cli } = createCli();
    const { id } = JSON.parse((await cli("generate bob --json")).stdout).key;
    await cli("revoke bob --yes");
    expect(JSON.parse((await cli("revoke bob --yes --release-name --json")).stdout)).toMatchObject({ changed: true });
    expect(JSON.parse((await cli(`revoke ${id} --yes --release-name --json`)).stdout)).toMatchObject({
      changed: false,
    });
    expect((await cli("revoke bob --yes --release-name")).status).toBe(3);
    expect((await cli("generate bob")).status).toBe(0);
    expect((await cli("revoke bob --version 1 --release-name --yes")).status).toBe(2);
  });

  test("is taken over by generate --replace, and each hint leads there", async () => {
    const { cli } = createCli();
    const { id } = JSON.parse((await cli("generate bob --json")).stdout).key;
    await cli("revoke bob --yes");
    expect((await cli("generate bob")).stderr).toContain(
      "hint: take over its name with: mcp-keys generate bob --replace",
    );
    expect((await cli("rotate bob")).stderr).toContain("mcp-keys generate bob --replace");
    const replaced = await cli("generate bob --replace");
    expect((await cli("check", { piped: replaced.stdout })).stdout).toContain("valid: bob");
    expect(await named(cli, id)).toMatchObject({ name: `bob.${id}` });
  });

  test("is not taken from a key that works, is disabled or has expired", async () => {
    const { cli, clock } = createCli();
    await cli("generate bob --expires 1d");
    expect((await cli("generate bob --replace")).status).toBe(5);
    await cli("disable bob");
    expect((await cli("generate bob --replace")).status).toBe(5);
    clock.now += DAY;
    expect((await cli("generate bob --replace")).stderr).toContain("mcp-keys rotate bob");
    expect((await cli("generate new --replace")).status).toBe(0);
  });

  test("that is long stays a valid name", async () => {
    const { cli } = createCli();
    const name = "n".repeat(64);
    const { id } = JSON.parse((await cli(`generate ${name} --json`)).stdout).key;
    await cli(`revoke ${name} --yes --release-name`);
    expect((await named(cli, id)).name).toBe(`${"n".repeat(51)}.${id}`);
    expect((await cli(`show ${"n".repeat(51)}.${id}`)).status).toBe(0);
  });
});

test("enable of a revoked key exits with 5; disable changes nothing", async () => {
  const { cli } = createCli();
  await cli("generate ci");
  await cli("revoke ci --yes");
  const enabled = await cli("enable ci");
  expect(enabled.status).toBe(5);
  expect(enabled.stderr).toContain("error: ci was revoked permanently");
  const disabled = await cli("disable ci --json");
  expect(JSON.parse(disabled.stdout)).toMatchObject({ changed: false, key: { status: "revoked", enabled: true } });
  expect(disabled.stderr).toContain("is revoked: servers refuse it anyway");
});

test("disable and enable undo each other and report when nothing changed", async () => {
  const { cli } = createCli();
  const { stdout: token } = await cli("generate ci");
  expect(JSON.parse((await cli("disable ci --json")).stdout)).toMatchObject({
    changed: true,
    key: { enabled: false, status: "disabled" },
  });
  expect((await cli("check", { piped: token })).stdout).toMatch(/^refused \(disabled\): ci/);
  expect(JSON.parse((await cli("disable ci --json")).stdout)).toMatchObject({ changed: false });
  expect((await cli("enable ci")).stderr).toMatch(/^enabled ci/);
  expect((await cli("check", { piped: token })).status).toBe(0);
});

describe("check", () => {
  test("reads the token from stdin, else MCP_API_KEY, else a prompt, never from an argument", async () => {
    const { cli } = createCli();
    const token = (await cli("generate ci")).stdout.trim();
    const other = (await cli("generate other")).stdout.trim();
    expect((await cli("check", { piped: token, env: { MCP_API_KEY: other } })).stdout).toContain("valid: ci");
    expect((await cli("check", { piped: "", env: { MCP_API_KEY: other } })).stdout).toContain("valid: other");
    expect((await cli("check", { env: { MCP_API_KEY: token } })).stdout).toContain("valid: ci");
    expect((await cli("check", { answers: [token] })).stdout).toContain("valid: ci");
    const argument = await cli(`check ${token}`);
    expect(argument.status).toBe(2);
    expect(argument.stderr).not.toContain(token);
    expect((await cli("check")).stderr).toContain("hint: pipe it in or set MCP_API_KEY");
  });

  test.each([
    ["unknown", (t: string) => t, "unknown"],
    ["mistyped", (t: string) => t.slice(0, -1) + (t.endsWith("a") ? "b" : "a"), "mistyped"],
    ["malformed", () => "a-token-in-another-format-0123456789-0123456", "malformed"],
  ])("exits with 4 and the reason for a %s token", async (_, change, reason) => {
    const { cli } = createCli();
    const elsewhere = (await createCli().cli("generate ci")).stdout.trim();
    await cli("generate ci");
    const ran = await cli("check --json", { piped: change(elsewhere) });
    expect(ran.status).toBe(4);
    expect(JSON.parse(ran.stdout)).toEqual({ schemaVersion: 1, ok: false, reason });
    expect(ran.stderr).toBe("");
  });

  test("says what to do about a refused token", async () => {
    const { cli, clock } = createCli();
    const token = (await cli("generate ci --expires 30d")).stdout.trim();
    const hint = async (line: string, piped = token) => (await cli(line, { piped })).stderr;
    expect(await hint("check")).toBe("");
    expect(await hint("check --scope a")).toBe("hint: see what the key is for with: mcp-keys show ci\n");
    expect(await hint("check", token.slice(0, -1))).toMatch(/^hint: copy the whole token again; if it is lost/);
    expect(await hint("check", "a-token-in-another-format-0123456789-0123456")).toMatch(/which store is in use/);
    await cli("disable ci");
    expect(await hint("check")).toBe("hint: accept it again with: mcp-keys enable ci\n");
    clock.now += 30 * DAY;
    expect(await hint("check")).toBe("hint: replace it with: mcp-keys rotate ci\n");
    await cli("revoke ci --yes");
    expect(await hint("check")).toBe("hint: issue a new key with this name: mcp-keys generate ci --replace\n");
    expect(await hint("check --json")).toBe("");
    expect(await hint("check --quiet")).toBe("");
  });

  test("points to the current version if an older token is refused", async () => {
    const { cli } = createCli();
    const token = (await cli("generate ci")).stdout;
    await cli("rotate ci --overlap 0s");
    const hint = "hint: use the token of version 2, or replace it with: mcp-keys rotate ci\n";
    expect((await cli("check", { piped: token })).stderr).toBe(hint);
    await cli("revoke ci --version 1 --yes");
    expect((await cli("check", { piped: token })).stderr).toBe(hint);
  });

  test("checks scopes and audience on request", async () => {
    const { cli } = createCli();
    const { stdout: token } = await cli("generate ci --scope a --scope b --audience https://one/mcp");
    const status = async (flags: string) => (await cli(`check ${flags}`, { piped: token })).status;
    expect(await status("--scope a")).toBe(0);
    expect(await status("--scope a,c")).toBe(4);
    expect(await status("--audience https://one/mcp/")).toBe(0);
    expect(await status("--audience https://two/mcp")).toBe(4);
  });

  test.each(["${MCP_API_KEY}", "Bearer mcp_x", '"mcp_x"', "two words"])(
    "explains the mistake in %j without a lookup",
    async (piped) => {
      const ran = await createCli().cli("check", { piped });
      expect(ran).toMatchObject({ status: 2, stdout: "" });
      expect(ran.stderr).toMatch(/^error: the token from standard input .+\nhint: .+\n$/);
    },
  );
});

describe("export", () => {
  test("writes a token from stdin or MCP_API_KEY as a snippet", async () => {
    const { cli } = createCli();
    const token = (await cli("generate ci")).stdout.trim();
    expect((await cli("export --format shell", { piped: token })).stdout).toBe(`export MCP_API_KEY='${token}'\n`);
    expect((await cli("export", { env: { MCP_API_KEY: token } })).stdout).toBe(`${token}\n`);
    expect((await cli("export --json", { piped: token })).status).toBe(2);
  });
});

describe("audit", () => {
  test("prints one line per change and verifies the chain", async () => {
    const { cli, clock } = createCli();
    await cli("generate ci");
    clock.now += DAY;
    await cli("rotate ci");
    await cli("generate other");
    const { stdout } = await cli("audit");
    expect(stdout).toMatch(/^2027-01-15T08:00:00Z {2}ada@laptop {2}generate {2}ci \(\w{12}\) {2}version 1\n/);
    const ops = async (line: string) =>
      (await cli(line)).stdout
        .trimEnd()
        .split("\n")
        .map((each) => JSON.parse(each).op as string);
    expect(await ops("audit --json --key ci")).toEqual(["generate", "promote", "stage", "promote"]);
    expect(await ops("audit --json --since 1h")).toEqual(["stage", "promote", "generate", "promote"]);
    expect((await cli("audit --since 2027-01-17")).stdout).toBe("");
    expect((await cli("audit --verify")).stdout).toMatch(/^intact: 6 changes in file:/);
    expect(JSON.parse((await cli("audit --verify --json")).stdout)).toMatchObject({ ok: true, changes: 6, seq: 6 });
    const stderr = 'error: "soon" is not a duration or date\nhint: use 30d or 2026-03-01\n';
    expect(await cli("audit --since soon")).toMatchObject({ status: 2, stderr });
    expect((await cli("audit --key missing")).status).toBe(3);
  });
});
