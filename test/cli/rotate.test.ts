import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openFileStore } from "../../src/stores/file.ts";
import { aWorld } from "../stores/place.ts";
import { createCli } from "./fake-world.ts";

const DAY = 86_400;

async function withKey(line = "generate ci") {
  const made = createCli();
  const { stdout } = await made.cli(line);
  const check = async (token: string) => (await made.cli("check", { piped: token })).status;
  return { ...made, first: stdout, check };
}

describe("rotate", () => {
  test("prints the new token; both tokens work during the overlap, then only the new one", async () => {
    const { cli, clock, first, check } = await withKey("generate ci --expires never");
    const { status, stdout, stderr } = await cli("rotate ci --overlap 1h");
    expect(status).toBe(0);
    expect(stdout).toMatch(/^mcp_\w+\n$/);
    expect(stdout.slice(0, 17)).toBe(first.slice(0, 17));
    expect(stderr).toContain("version 2 of ci");
    expect(stderr).toContain("version 1 works until 2027-01-15T09:00:00Z");
    expect([await check(first), await check(stdout)]).toEqual([0, 0]);
    clock.now += 3_600;
    expect([await check(first), await check(stdout)]).toEqual([4, 0]);
  });

  test("--json prints one document", async () => {
    const { cli } = await withKey();
    const document = JSON.parse((await cli("rotate ci --json")).stdout);
    expect(Object.keys(document)).toEqual([
      "schemaVersion",
      "key",
      "version",
      "changed",
      "position",
      "retiring",
      "token",
    ]);
    expect(document).toMatchObject({
      key: { versions: [{ state: "retiring" }, { state: "current" }] },
      version: { n: 2, state: "current" },
      changed: true,
      retiring: { n: 1, until: "2027-01-16T08:00:00Z" },
    });
  });

  test("--overlap 0s ends the old token at once", async () => {
    const { cli, first, check } = await withKey();
    const { stdout } = await cli("rotate ci --overlap 0s");
    expect([await check(first), await check(stdout)]).toEqual([4, 0]);
  });

  test("--overlap 0s leaves the overlap of an earlier rotation, and says how to end it", async () => {
    const { cli, first, check } = await withKey();
    await cli("rotate ci");
    const ran = await cli("rotate ci --overlap 0s");
    expect(ran.stderr).toMatch(
      /\nversion 1 works until .*\nit is of an earlier rotation; to end it now: mcp-keys revoke ci --version 1 --yes\n$/,
    );
    expect(await check(first)).toBe(0);
    await cli("revoke ci --version 1 --yes");
    expect(await check(first)).toBe(4);
    expect((await cli("rotate ci")).stderr).not.toContain("earlier rotation");
  });

  test("the help shows examples and the usual flags first, and the others by topic", async () => {
    const { stdout } = await createCli().cli("rotate --help");
    const screen = stdout.split("\n").slice(0, 45).join("\n");
    expect(screen).toMatch(/^Examples:\n {2}mcp-keys rotate ci /);
    for (const flag of ["--to", "--out", "--verify", "--overlap", "--plan", "--status", "--finish", "--abort"]) {
      expect(screen).toContain(`\n  ${flag} `);
    }
    expect(stdout.match(/^[A-Z].*:$/gm)).toEqual([
      ...["Examples:", "Arguments:", "Options:", "More about the delivery:", "More about --verify:"],
      ...["Many keys and pipelines:", "Servers with a keyset (digests of your keys):", "Global options:"],
    ]);
  });

  test("the new version gets the lifetime of the old one, unless --expires is given", async () => {
    const { cli, clock } = await withKey("generate ci --expires 30d");
    clock.now += 10 * DAY;
    expect(JSON.parse((await cli("rotate ci --json")).stdout).version.expiresAt).toBe("2027-02-24T08:00:00Z");
    expect(JSON.parse((await cli("rotate ci --json --expires never")).stdout).version.expiresAt).toBeNull();
    expect(JSON.parse((await cli("rotate ci --json")).stdout).version.expiresAt).toBeNull();
  });

  test("does nothing if the version is younger than --if-older-than", async () => {
    const { cli, clock } = await withKey();
    clock.now += 10 * DAY;
    const young = await cli("rotate ci --if-older-than 30d");
    expect(young).toMatchObject({ status: 0, stdout: "" });
    expect(young.stderr).toContain("nothing to do");
    expect(JSON.parse((await cli("rotate ci --if-older-than 30d --json")).stdout)).toMatchObject({
      changed: false,
      version: { n: 1 },
    });
    clock.now += 20 * DAY;
    expect((await cli("rotate ci --if-older-than 30d")).stdout).toMatch(/^mcp_/);
  });

  test("--if-older-than goes on while the destination may hold another token", async () => {
    const { cli, dir, clock } = await withKey();
    const out = join(dir, "destination");
    const rotate = (command: string) => cli(["rotate", "ci", "--if-older-than", "30d", "--to", command, "--json"]);
    const changed = async (command: string) => JSON.parse((await rotate(command)).stdout).changed as boolean;
    clock.now += 40 * DAY;
    expect((await rotate(`cat > '${out}'; false`)).status).toBe(5);
    expect(await changed(`cat > '${out}'`)).toBe(true);
    // The first run may have delivered last. One more rotation settles that.
    expect(await changed(`cat > '${out}'`)).toBe(true);
    expect(await changed(`cat > '${out}'`)).toBe(false);
    expect((await cli("check", { piped: readFileSync(out, "utf8") })).status).toBe(0);
  });

  test.each(["rotate ci --abort", "revoke ci --version 2 --yes"])(
    "--if-older-than goes on after `%s`, because the destination may hold the revoked token",
    async (line) => {
      const { cli } = createCli();
      await cli("generate ci");
      expect((await cli(["rotate", "ci", "--to", "cat >/dev/null; exit 3"])).status).toBe(5);
      expect((await cli(line)).status).toBe(0);
      expect((await cli("rotate ci --if-older-than 30d")).stdout).toMatch(/^mcp_/);
      expect((await cli("rotate ci --if-older-than 30d")).stdout).toBe("");
    },
  );

  test.each(["revoke ci --version 1 --yes", "disable ci"])("--if-older-than after `%s`", async (line) => {
    const { cli } = await withKey();
    await cli(line);
    const { changed } = JSON.parse((await cli("rotate ci --if-older-than 30d --json")).stdout || '{"changed":null}');
    // A key with its only version revoked is revoked; a disabled one is young, and rotation would not help.
    expect(changed).toBe(line.startsWith("disable") ? false : null);
  });

  test("--if-older-than replaces a version that expired or was revoked, and waits for none that is retiring", async () => {
    const { cli, clock } = await withKey("generate ci --expires 1d");
    clock.now += DAY;
    expect(JSON.parse((await cli("rotate ci --if-older-than 30d --json")).stdout)).toMatchObject({ changed: true });
    expect(JSON.parse((await cli("rotate ci --json --expires never")).stdout)).toMatchObject({ version: { n: 3 } });
    expect(JSON.parse((await cli("rotate ci --if-older-than 30d --json")).stdout)).toMatchObject({
      changed: false,
      retiring: { n: 2 },
    });
    await cli("revoke ci --version 3 --yes");
    expect(JSON.parse((await cli("rotate ci --if-older-than 30d --json")).stdout)).toMatchObject({ version: { n: 4 } });
  });

  test("the old version stays current if delivery fails; running the same command again finishes the rotation", async () => {
    const { cli, dir, first, check } = await withKey();
    const broken = await cli("rotate ci", { brokenStdout: true });
    expect(broken.status).toBe(141);
    expect(await check(first)).toBe(0);
    expect(JSON.parse((await cli("show ci --json")).stdout).key.versions).toMatchObject([
      { state: "current" },
      { state: "revoked", reason: "undelivered" },
    ]);
    const out = join(dir, "taken");
    expect((await cli(["rotate", "ci", "--to", `cat > '${out}'; false`])).status).toBe(5);
    const uncertain = readFileSync(out, "utf8");
    expect([await check(first), await check(uncertain)]).toEqual([0, 0]);
    const done = await cli("rotate ci");
    expect(done.status).toBe(0);
    expect([await check(first), await check(uncertain), await check(done.stdout)]).toEqual([0, 0, 0]);
  });

  test.each([
    { line: "rotate missing", status: 3, says: 'there is no key "missing"' },
    { line: "rotate ci --overlap soon", status: 2, says: '"soon" is not a duration' },
    { line: "rotate ci --finish --abort", status: 2, says: "cannot be used together" },
    { line: "rotate ci --abort", status: 5, says: "ci has no rotation to undo" },
    { line: "rotate", status: 2, says: "missing required argument 'key'" },
    { line: "rotate ci --verify http://192.0.2.1/mcp", status: 2, says: "plain http" },
    { line: "rotate ci --verify nonsense", status: 2, says: "is not an http:// or https:// URL" },
    { line: "rotate ci --to /nonexistent/program", status: 5, says: "the shell cannot find the command" },
  ])("$line exits with $status and changes nothing", async ({ line, status, says }) => {
    const { cli } = await withKey();
    const ran = await cli(line);
    expect(ran).toMatchObject({ status, stdout: "" });
    expect(ran.stderr).toContain(says);
    expect(JSON.parse((await cli("show ci --json")).stdout).key.versions).toMatchObject([{ state: "current" }]);
  });

  test("does not rotate a revoked key", async () => {
    const { cli } = await withKey();
    await cli("revoke ci --yes");
    const refused = await cli("rotate ci");
    expect(refused.status).toBe(5);
    expect(refused.stderr).toContain("hint: issue a new key with this name: mcp-keys generate ci --replace");
  });

  test("does not rotate a revoked key that has an undelivered version", async () => {
    const { cli } = await withKey();
    await cli("rotate ci", { brokenStdout: true });
    await cli("revoke ci --yes");
    expect((await cli("rotate ci")).stderr).toContain("ci was revoked permanently");
  });
});

describe("a clock that is behind", () => {
  test.each(["rotate ci", "rotate ci --finish --force", "rotate ci --abort --force", "enable ci", "generate other"])(
    "%s exits with 5, names both times and changes nothing",
    async (line) => {
      const { cli, clock } = await withKey();
      await cli("rotate ci");
      await cli("disable ci");
      const before = (await cli("list --json")).stdout;
      clock.now -= 2 * DAY;
      const refused = await cli(line);
      expect(refused).toMatchObject({ status: 5, stdout: "" });
      expect(refused.stderr).toContain(
        "error: the clock shows 2027-01-13T08:00:00Z, but the history has a change at 2027-01-15T08:00:00Z",
      );
      clock.now += 2 * DAY;
      expect((await cli("list --json")).stdout).toBe(before);
    },
  );

  test("does not stop disable and revoke", async () => {
    const { cli, clock, first, check } = await withKey();
    clock.now -= 2 * DAY;
    expect((await cli("disable ci")).status).toBe(0);
    expect((await cli("revoke ci --yes")).status).toBe(0);
    expect(await check(first)).toBe(4);
  });

  test("is noticed by a use that servers have reported, if the history is old", async () => {
    const { cli, clock, file } = await withKey("generate ci --expires never");
    clock.now += 60 * DAY;
    const { versions, id } = JSON.parse((await cli("show ci --json")).stdout).key;
    const store = await openFileStore(file, aWorld());
    await store.touch([{ id, n: versions[0].n, at: clock.now }]);
    await store.close();
    clock.now -= 2 * DAY;
    const refused = await cli("rotate ci");
    expect(refused.status).toBe(5);
    expect(refused.stderr).toContain("but ci was last used at 2027-03-16T08:00:00Z");
    expect(refused.stderr).toContain(`remove ${file}.used.*`);
    expect((await cli("show ci")).stdout).toContain("2027-03-16T08:00:00Z (in the future)");
  });

  test("can be the other clock: setting the history aside makes the store writable again", async () => {
    const { cli, clock, dir } = await withKey();
    clock.now += 30 * 365 * DAY;
    await cli("generate future");
    clock.now -= 30 * 365 * DAY;
    const refused = await cli("rotate ci");
    expect(refused.stderr).toContain(
      "if it is right, another clock was ahead: set the history aside with: mcp-keys audit --archive",
    );
    expect((await cli(["audit", "--archive", join(dir, "store", "old.jsonl")])).status).toBe(0);
    expect((await cli("rotate ci")).status).toBe(0);
  });
});

describe("rotate --finish", () => {
  test("refuses until a server has seen the new token, unless --force is given; a second time changes nothing", async () => {
    const { cli, first, check } = await withKey();
    const { stdout } = await cli("rotate ci");
    const refused = await cli("rotate ci --finish");
    expect(refused.status).toBe(5);
    expect(refused.stderr).toContain("no server has reported a use of ci");
    expect(await check(first)).toBe(0);
    expect((await cli("rotate ci --finish --force")).status).toBe(0);
    expect([await check(first), await check(stdout)]).toEqual([4, 0]);
    expect(JSON.parse((await cli("rotate ci --finish --json")).stdout)).toMatchObject({ changed: false });
  });
});

describe("rotate --abort", () => {
  test("returns to the old token", async () => {
    const { cli, first, check, clock } = await withKey();
    const { stdout } = await cli("rotate ci --overlap 1h");
    const aborted = await cli("rotate ci --abort --json");
    expect(JSON.parse(aborted.stdout)).toMatchObject({ changed: true });
    expect(aborted.stderr).toContain("version 1 is current again");
    clock.now += DAY;
    expect([await check(first), await check(stdout)]).toEqual([0, 4]);
  });
});
