import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { formatReport, type UsageReport } from "../../src/core/usage-report.ts";
import { openFileStore } from "../../src/stores/file.ts";
import { startServer } from "../probe/servers/configurable-server.ts";
import { during } from "../probe/verify/verifying.ts";
import { createCli } from "./fake-world.ts";

/** A key in its overlap: version 1 retires, version 2 has been current for ten minutes. Nobody has used either. */
async function aRotation() {
  const { cli, dir, file, clock } = createCli();
  clock.now -= 600;
  const old = (await cli("generate ci --expires never")).stdout.trim();
  const token = (await cli("rotate ci")).stdout.trim();
  clock.now += 600;
  const { id } = JSON.parse((await cli("show ci --json")).stdout).key as { id: string };
  const report = (change: Partial<UsageReport> = {}) =>
    formatReport({ store: `file:${file}`, server: "edge-1", at: clock.now, uses: [], ...change });
  const touch = async (server: string, n: number, ago: number) => {
    const store = await openFileStore(file, { env: {}, uid: process.getuid?.() ?? null, dataDir: null });
    await store.touch([{ id, n, at: clock.now - ago, server }]);
    await store.close();
  };
  const json = async (line: string) => JSON.parse((await cli(`${line} --json`)).stdout);
  return { cli, dir, file, clock, old, token, id, report, touch, json };
}

describe("uses", () => {
  test("lists server, key, version and time, and what servers with a keyset have reported", async () => {
    const { cli, touch, report, json, id } = await aRotation();
    expect((await cli("uses")).stderr).toContain("no server has recorded a use");
    await touch("web-1", 2, 10);
    await cli("uses import", { piped: report() });
    const { stdout } = await cli("uses");
    expect(stdout).toMatch(
      /KEY +VERSION +SERVER +LAST USED\nci +2 +web-1 +2027-.*Z\n\nSERVER +REPORTED UNTIL\nedge-1 +2027-/,
    );
    expect(await json("uses")).toMatchObject({
      uses: [{ server: "web-1", key: { id, name: "ci" }, version: 2, lastUsedAt: "2027-01-15T07:59:50Z" }],
      reports: [{ server: "edge-1", at: "2027-01-15T08:00:00Z" }],
      publishedAt: null,
    });
  });

  test("show and rotate --status say who has seen which version, while both work", async () => {
    const { cli, touch } = await aRotation();
    await touch("web-1", 1, 90);
    for (const line of ["show ci", "rotate ci --status"]) {
      expect((await cli(line)).stdout).toContain(
        "\nversion 1: used on web-1 90s ago\nversion 2: no server has seen it\n",
      );
    }
  });
});

describe("uses import", () => {
  test("reads files and standard input, and is evidence for --finish", async () => {
    const { cli, dir, clock, report, id, json } = await aRotation();
    expect(await cli("rotate ci --finish")).toMatchObject({
      status: 5,
      stderr: expect.stringContaining("no server has reported a use of ci"),
    });
    writeFileSync(join(dir, "a"), report({ uses: [{ id, n: 1, at: clock.now - 5 }] }));
    writeFileSync(join(dir, "b"), report({ server: "edge-2", uses: [{ id, n: 2, at: clock.now - 4 }] }));
    expect((await cli(["uses", "import", join(dir, "a"), join(dir, "b")])).stderr).toContain("edge-2: 1 use until");
    expect(await cli("rotate ci --finish")).toMatchObject({
      status: 5,
      stderr: expect.stringContaining("version 1 of ci is in use: on edge-1 5s ago"),
    });
    clock.now += 3_700;
    expect((await cli("rotate ci --finish")).stderr).toContain("edge-1 last reported its uses 61m ago; edge-2 last");
    await cli("uses import", { piped: report() + report({ server: "edge-2" }) });
    expect(await json("rotate ci --finish")).toMatchObject({ changed: true });
  });

  test("imports a report twice without an effect, and never an older time over a newer one", async () => {
    const { cli, clock, report, id, json } = await aRotation();
    const text = report({ uses: [{ id, n: 2, at: clock.now - 5 }] });
    const older = report({ at: clock.now - 100, uses: [{ id, n: 2, at: clock.now - 200 }] });
    for (const [piped, changed] of [
      [text, true],
      [text, false],
      [older, false],
    ] as const) {
      expect(JSON.parse((await cli("uses import --json", { piped })).stdout)).toMatchObject({ changed });
    }
    expect((await json("uses")).uses).toMatchObject([{ lastUsedAt: "2027-01-15T07:59:55Z" }]);
    expect((await json("uses")).reports).toEqual([{ server: "edge-1", at: "2027-01-15T08:00:00Z" }]);
  });

  test("skips reports for another store and unknown keys, and refuses when nothing is left", async () => {
    const { cli, clock, report, id, json } = await aRotation();
    const foreign = report({ server: "other", store: "file:/elsewhere\u001b[2J", uses: [{ id, n: 1, at: clock.now }] });
    const uses = [
      { id: "000000000000", n: 1, at: clock.now },
      { id, n: 7, at: clock.now },
      { id, n: 2, at: clock.now },
    ];
    const ran = await cli("uses import", { piped: foreign + report({ uses }) });
    expect(ran).toMatchObject({ status: 0 });
    expect(ran.stderr).toContain("skipped the report of other");
    expect(ran.stderr).not.toContain("\u001b[2J");
    expect(ran.stderr).toContain("skipped 2 uses of edge-1");
    expect((await json("uses")).uses).toMatchObject([{ server: "edge-1", version: 2 }]);
    const refused = await cli("uses import --json", { piped: foreign });
    expect(refused.status).toBe(5);
    expect(JSON.parse(refused.stderr).error.code).toBe("REPORT_FOREIGN");
  });

  test("refuses a report from the future, and then imports nothing at all", async () => {
    const { cli, clock, report, id, json } = await aRotation();
    const good = report({ server: "good" });
    for (const change of [{ at: clock.now + 61 }, { uses: [{ id, n: 1, at: clock.now + 61 }] }]) {
      const ran = await cli("uses import --json", { piped: good + report(change) });
      expect(ran.status).toBe(5);
      expect(JSON.parse(ran.stderr).error).toMatchObject({
        code: "CLOCK_BEHIND",
        hint: expect.stringContaining("edge-1"),
      });
    }
    expect(await json("uses")).toMatchObject({ uses: [], reports: [] });
    expect((await cli("uses import", { piped: report({ at: clock.now + 60 }) })).status).toBe(0);
  });

  test.each([
    ["a missing file", ["uses", "import", "/nonexistent/uses.json"], undefined, "USAGE", 2],
    ["a folder", ["uses", "import", "/"], undefined, "USAGE", 2],
    ["an endless device", ["uses", "import", "/dev/zero"], undefined, "REPORT_INVALID", 2],
    ["nothing", ["uses", "import"], undefined, "INPUT_REQUIRED", 2],
    ["an empty input", ["uses", "import"], "", "REPORT_INVALID", 2],
    ["a token", ["uses", "import"], `mcp_7Fq2x9Lm0aBc_${"a1B2".repeat(13)}`.slice(0, 66), "REPORT_INVALID", 2],
    ["a read-only store", ["uses", "import", "--store", "env:"], "own", "STORE_READ_ONLY", 5],
  ])("refuses %s", async (_, line, piped, code, status) => {
    const { cli, report } = await aRotation();
    const text = piped === "own" ? report({ store: "env:" }) : piped;
    const ran = await cli([...line, "--json"], text === undefined ? {} : { piped: text });
    expect(JSON.parse(ran.stderr).error.code).toBe(code);
    expect(ran.status).toBe(status);
    expect(ran.stderr).not.toContain("a1B2a1B2");
  });

  test("reads a named pipe, as a shell makes it for <(ssh host cat uses.json)", async () => {
    const { cli, dir, report } = await aRotation();
    const pipe = join(mkdtempSync(join(dir, "pipe-")), "fifo");
    execFileSync("mkfifo", [pipe]);
    const [ran] = await Promise.all([cli(["uses", "import", pipe]), writeFile(pipe, report())]);
    expect(ran).toMatchObject({ status: 0 });
  });
});

describe("uses forget", () => {
  test("drops a server that is gone, so --finish does not wait for it", async () => {
    const { cli, clock, report, touch, json } = await aRotation();
    await touch("web-1", 2, 10);
    await cli("uses import", { piped: report({ at: clock.now - 86_400 }) });
    const { stderr } = await cli("rotate ci --finish");
    expect(stderr).toContain("if the server is gone: mcp-keys uses forget edge-1");
    expect(await json("uses forget edge-1")).toMatchObject({ server: "edge-1", changed: true });
    expect(await json("uses forget edge-1")).toMatchObject({ changed: false });
    expect(await json("rotate ci --finish")).toMatchObject({ changed: true });
  });

  test("takes a server or --keyset", async () => {
    const { cli } = await aRotation();
    for (const line of ["uses forget", "uses forget web-1 --keyset", "uses forget -- -x", "uses forget a/b"]) {
      expect((await cli(line)).status).toBe(2);
    }
    expect((await cli("uses forget web-1 --store env:")).stderr).toContain("records no uses");
  });
});

describe("servers that read a published keyset", () => {
  test("must report before --finish, once something was published", async () => {
    const { cli, dir, touch, report, json } = await aRotation();
    await touch("web-1", 2, 10);
    const publish = ["--publish", `cat >${join(dir, "keyset.json")}`];
    const refused = await cli(["rotate", "ci", "--finish", ...publish]);
    expect(refused).toMatchObject({
      status: 5,
      stderr: expect.stringContaining("no server that reads it has reported"),
    });
    // Also without --publish, and from then on.
    expect((await cli("rotate ci --finish")).stderr).toContain("mcp-keys uses forget --keyset");
    expect((await json("uses")).publishedAt).toBe("2027-01-15T08:00:00Z");
    await cli("uses import", { piped: report() });
    expect((await cli(["rotate", "ci", "--finish", ...publish])).status).toBe(0);
    expect(readFileSync(join(dir, "keyset.json"), "utf8")).toContain('"keyset":1');
  });

  test("are named after a rotation that published, until the keyset is forgotten", async () => {
    const { cli, clock, touch } = await aRotation();
    await cli(["rotate", "ci", "--to", "cat >/dev/null", "--publish", "cat >/dev/null"]);
    clock.now += 20;
    await touch("web-1", 3, 10);
    expect((await cli("rotate ci --finish")).stderr).toContain("a keyset was published 20s ago");
    await cli("uses forget --keyset");
    expect((await cli("rotate ci --finish")).status).toBe(0);
  });
});

describe("rotate --finish --verify", () => {
  const withServer = async (accepts: (rotation: { old: string; token: string }) => (token: string) => boolean) => {
    const rotation = await aRotation();
    const { url } = await during(startServer([], { knows: accepts(rotation) }));
    const finish = (flags: string[], { piped = rotation.token, env = { OLD: rotation.old } } = {}) =>
      rotation.cli(["rotate", "ci", "--finish", "--patience", "0s", "--json", "--verify", url, ...flags], {
        piped,
        env,
      });
    const states = async () =>
      (await rotation.json("show ci")).key.versions.map(({ state }: { state: string }) => state);
    return { ...rotation, url, finish, states };
  };
  const onlyNew =
    ({ token }: { token: string }) =>
    (each: string) =>
      each === token;
  const OLD = ["--old-token-env", "OLD"];

  test("ends the old version when the server accepts the current token and refuses the old one", async () => {
    const { finish, states } = await withServer(onlyNew);
    expect((await finish(OLD)).status).toBe(0);
    expect(await states()).toEqual(["retired", "current"]);
    // There is nothing left to prove.
    expect(JSON.parse((await finish(OLD)).stdout)).toMatchObject({ changed: false });
  });

  test("does not without the old token, because then nothing shows that it is out of use", async () => {
    const { finish, states } = await withServer(onlyNew);
    const ran = await finish([]);
    expect(JSON.parse(ran.stderr).error).toMatchObject({
      code: "ROTATION_UNPROVEN",
      hint: expect.stringContaining("--old-token-env"),
    });
    expect(await states()).toEqual(["retiring", "current"]);
  });

  test("says which token is missing", async () => {
    const { finish, states } = await withServer(onlyNew);
    const ran = await finish(OLD, { piped: "", env: { OLD: "" } });
    expect(JSON.parse(ran.stderr).error).toMatchObject({ message: "OLD is not set" });
    const withoutNew = await finish([], { piped: "" });
    expect(JSON.parse(withoutNew.stderr).error).toMatchObject({
      code: "INPUT_REQUIRED",
      message: "no current token was given",
    });
    expect(await states()).toEqual(["retiring", "current"]);
  });

  test("counts as seen if another server reports that nobody uses the old version", async () => {
    const { finish, touch } = await withServer(onlyNew);
    await touch("web-1", 1, 7_200);
    expect((await finish([])).status).toBe(0);
  });

  test("refuses while a server still accepts the old token", async () => {
    const { finish, states, url } = await withServer(
      ({ old, token }) =>
        (each) =>
          each === old || each === token,
    );
    const ran = await finish(OLD);
    expect(ran.status).toBe(5);
    expect(JSON.parse(ran.stderr).error).toMatchObject({
      code: "ROTATION_UNPROVEN",
      message: `${url} still accepts the old token; no version was retired`,
    });
    expect(await states()).toEqual(["retiring", "current"]);
  });

  test("exits with 4 if a server refuses the current token, and with 7 or 8 if it proves nothing", async () => {
    const wrong = await withServer(
      ({ old }) =>
        (each) =>
          each === old,
    );
    expect((await wrong.finish(OLD)).status).toBe(4);
    const open = await withServer(() => () => true);
    expect((await open.finish(OLD)).status).toBe(8);
    const gone = await wrong.finish([...OLD, "--verify", "http://127.0.0.1:1/mcp"]);
    expect([4, 7]).toContain(gone.status);
    expect(await wrong.states()).toEqual(["retiring", "current"]);
  });

  test("does not outweigh a use on another server", async () => {
    const { finish, touch } = await withServer(onlyNew);
    await touch("web-1", 1, 60);
    expect(JSON.parse((await finish(OLD)).stderr).error.message).toContain(
      "version 1 of ci is in use: on web-1 60s ago",
    );
  });

  test("takes only the current token and only an old one, before it sends any", async () => {
    let asked = 0;
    const { finish, old, token } = await withServer(() => () => (asked++, false));
    for (const [piped, OLD_TOKEN] of [
      [old, old],
      [token, token],
      ["mcp_7Fq2x9Lm0aBc_wrong", old],
    ] as const) {
      const ran = await finish(OLD, { piped, env: { OLD: OLD_TOKEN } });
      expect([2, 4]).toContain(ran.status);
    }
    expect((await finish(OLD, { piped: token, env: { OLD: "" } })).status).toBe(2);
    expect(asked).toBe(0);
  });

  test("--abort takes no --verify", async () => {
    const { cli } = await aRotation();
    expect((await cli("rotate ci --abort --verify http://127.0.0.1:1/mcp")).status).toBe(2);
  });
});
