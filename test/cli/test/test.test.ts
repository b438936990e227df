import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { test as command } from "../../../src/cli/commands/test.ts";
import { CHECKS } from "../../../src/probe/index.ts";
import { reports } from "../../../src/probe/report/index.ts";
import type { Report } from "../../../src/probe/report/report.ts";
import { STDIO_CHECKS } from "../../../src/probe/stdio/index.ts";
import { startServer, type Mistake } from "../../probe/servers/configurable-server.ts";
import { during, TOKEN } from "../../probe/verify/verifying.ts";
import type { Running } from "../../servers/listen.ts";
import { createCli } from "../fake-world.ts";

/** What is asked of these servers is asked of all checks elsewhere. */
const FEW = "--only requires-key rejects-bogus-key answers-401-without-key answers-401-to-wrong-key";
const OPEN: Mistake = { isGuarded: ({ headers }) => headers.authorization !== undefined };
const RUDE: Mistake = {
  refuse(_, response) {
    this.json(response, 403, {});
  },
};

async function withServer(mistake: Mistake = {}) {
  const { url } = await during(startServer([TOKEN.reveal()], mistake));
  const made = createCli({ piped: TOKEN.reveal() });
  return { ...made, url, run: (flags: string, more = {}) => made.cli(`test ${url} ${flags}`, more) };
}

describe("the exit status", () => {
  test("is 0 and the report is all there is on stdout, when the door is shut", async () => {
    const { run } = await withServer();
    const { status, stdout, stderr } = await run(FEW);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^keeps everything else out\n {2}pass {8}requires-key +401 to no key\n/);
    expect(stdout).not.toContain("\u001b");
    expect(stderr).toMatch(/^4 checks, at most \d+ requests, \d+ of them without your key at 20 a second\n$/);
  });

  test("is 8 when somebody gets in, and the report says how to mend it", async () => {
    const { run } = await withServer(OPEN);
    const { status, stdout } = await run(FEW);
    expect(status).toBe(8);
    expect(stdout).toContain(
      "The door is open: 1 hole\n\n  fail  requires-key\n    expected  nobody is let in without a key",
    );
    expect(stdout).toMatch(/\n {4}saw {7}let in with no key\n {4}rule {6}https:\S+\n {4}mend {6}put the guard/);
    expect(stdout).toMatch(/\ngrade +F {2}the door is not shut/);
  });

  test("is 0 for bad manners, which stand apart, and 8 with --strict", async () => {
    const { run } = await withServer(RUDE);
    const { status, stdout } = await run(FEW);
    expect(status).toBe(0);
    expect(stdout).toContain("Manners, which let nobody in: 2 faults");
    expect(stdout).not.toContain("The door is open");
    expect(stdout).toMatch(/\ndoor +nothing open was found by the checks that were asked for\n/);
    expect((await run(`${FEW} --strict`)).status).toBe(8);
  });

  test("is 7 when the key is refused, and says in which header it is taken", async () => {
    const { url, run } = await withServer({
      tokenOf: ({ headers }) => String(headers["x-api-key"] ?? ""),
      readKey(request) {
        return this.tokenOf(request) === "" ? "none" : this.knows(this.tokenOf(request)) ? "valid" : "wrong";
      },
    });
    const refused = await run("--only accepts-valid-key");
    expect(refused.status).toBe(7);
    expect(refused.stdout).toContain("run it again with --header X-API-Key");
    expect(refused.stdout).toMatch(/\ndoor +nothing is proven\n/);
    expect(refused.stdout).not.toContain("grade");
    expect((await run("--header X-API-Key --only accepts-valid-key requires-key rejects-bogus-key")).status).toBe(0);
    expect(url).toContain("127.0.0.1");
  });

  test("is 7 when nothing answers, and what could not be asked takes two lines", async () => {
    const gone: Running = await startServer([]);
    await gone.close();
    const { cli } = createCli({ piped: TOKEN.reveal() });
    const { status, stdout } = await cli(`test ${gone.url}`);
    expect(status).toBe(7);
    expect(stdout).toContain("refuses connections");
    expect(stdout.match(/nothing there answers in MCP/g)).toHaveLength(1);
    expect(stdout).toMatch(/\n {2}untestable {2}\d\d more, for the same reason\n/);
  });
});

describe("reports", () => {
  test("each is written whole, and --json is one of them", async () => {
    const { run, url } = await withServer(OPEN);
    const { stdout } = await run(`${FEW} --report json`);
    const report = JSON.parse(stdout) as Report & { schemaVersion: number };
    expect(Object.keys(report)[0]).toBe("schemaVersion");
    expect(report).toMatchObject({ schemaVersion: 1, url, ok: false, result: "open", proven: true, grade: "F" });
    expect(report.findings.map(({ id }) => id)).toEqual(CHECKS.map(({ id }) => id).filter((id) => FEW.includes(id)));
    const again = await run(`${FEW} --json`);
    expect(JSON.parse(again.stdout)).toMatchObject({ schemaVersion: 1, result: "open" });
    expect((await run(`${FEW} --report junit`)).stdout).toMatch(/^<\?xml [^]*<\/testsuites>\n$/);
    expect(JSON.parse((await run(`${FEW} --report sarif`)).stdout)).toMatchObject({ version: "2.1.0" });
    expect((await run(`${FEW} --report markdown`)).stdout).toMatch(/^## MCP door: open\n/);
  });

  test("the flag offers every one of the registry", () => {
    const { options } = command.build(() => {
      throw new Error("nothing is run here");
    });
    const { argChoices } = options.find(({ long }) => long === "--report")!;
    expect(argChoices).toEqual(["pretty", ...Object.keys(reports)]);
  });

  test("--quiet leaves stderr to errors", async () => {
    const { run } = await withServer();
    expect((await run(`${FEW} --quiet`)).stderr).toBe("");
  });

  test("a reader that has gone is no fault, and the status still tells", async () => {
    const { run } = await withServer(OPEN);
    const { status, stderr } = await run(FEW, { brokenStdout: true });
    expect(status).toBe(8);
    expect(stderr).not.toContain("error:");
  });
});

test.each(["pretty", ...Object.keys(reports)])(
  "no key is in the report %s, whatever the server repeats",
  async (name) => {
    const { run } = await withServer({
      refuse(request, response) {
        const sent = request.headers.authorization ?? "";
        const challenge = { "www-authenticate": `Bearer realm="${sent}", error="${sent}"`, location: `/${sent}` };
        this.json(response, 401, { error: sent, message: [...sent].reverse().join(""), stack: sent }, challenge);
      },
      answerModern(response, posted) {
        const serverInfo = { name: this.keys[0], version: this.keys[0]?.toUpperCase() };
        if (posted.method !== "server/discover") {
          this.answer(response, posted);
          return;
        }
        const _meta = { "io.modelcontextprotocol/serverInfo": serverInfo };
        this.result(response, posted, { supportedVersions: ["2026-07-28"], capabilities: { tools: {} }, _meta });
      },
    });
    const { stdout, stderr } = await run(`--report ${name} --rate 1000`);
    const secret = TOKEN.reveal().slice(17);
    const said = (stdout + stderr).toLowerCase();
    const pieces = Array.from({ length: secret.length - 8 }, (_, i) => secret.slice(i, i + 9).toLowerCase());
    expect(stdout).toContain("hides-presented-key");
    expect(pieces.filter((piece) => said.includes(piece))).toEqual([]);
  },
);

describe("a baseline", () => {
  test("is a former report: what stands in it does not count, what is new does", async () => {
    const rude = await withServer(RUDE);
    const file = join(rude.dir, "door.json");
    writeFileSync(file, (await rude.run(`${FEW} --report json`)).stdout);
    const again = await rude.run(`${FEW} --strict --baseline ${file}`);
    expect(again.status).toBe(0);
    expect(again.stdout).toMatch(/\nknown +2 of them stand in the baseline and do not count\n/);
    const open = await withServer({ ...OPEN, ...RUDE });
    expect((await open.run(`${FEW} --baseline ${file}`)).status).toBe(8);
  });

  test("that is missing or something else is a usage error, before anything is sent", async () => {
    const { run, file, cli } = await withServer();
    await cli("generate ci");
    for (const path of ["/nowhere/door.json", file]) {
      const { status, stderr, stdout } = await run(`--baseline ${path}`);
      expect([status, stdout]).toEqual([2, ""]);
      expect(stderr).toContain("hint: make it with: mcp-keys test <url> --report json");
    }
  });
});

describe("what cannot be done", () => {
  const url = "http://127.0.0.1:1/mcp";
  test.each([
    ["no server", "test", "no server was named"],
    ["two servers", `test ${url} ${url}`, "more than one server"],
    ["no program", "test --stdio", "no program was named"],
    ["a check that is not there", `test ${url} --only refuses-nobody`, `there is no check "refuses-nobody"`],
    ["nothing left", `test ${url} --only reachable --skip reach*`, "no check is left"],
    ["two reports", `test ${url} --json --report junit`, "exclude each other"],
    ["an odd rate", `test ${url} --rate 0`, "1 to 1000"],
    ["an odd concurrency", `test ${url} --concurrency many`, "1 to 64"],
    ["a header of HTTP", `test ${url} --header Host`, "no header for a key"],
    ["a key in the header", `test ${url} --header 'X-API-Key: s3cr3t'`, "no header for a key"],
    ["a variable for a server", `test ${url} --env-name X`, "--env-name is for programs"],
    ["a header for a program", "test --stdio --header X-API-Key -- node", "--header is not for programs"],
    ["a store for a program", "test --stdio --store memory: -- node", "--store is not for programs"],
    ["plain http beyond this machine", "test http://192.0.2.1/mcp", "plain http"],
    ["a key in the address", `test http://127.0.0.1:1/mcp?api_key=abc`, "holds a key"],
    ["no second key", `test ${url} --second-key-env NO_SUCH`, "no second key in NO_SUCH"],
    ["the same key twice", `test ${url} --second-key-env SAME`, "SAME holds the same key"],
    ["no variable", `test ${url} --second-key-env mcp-key`, "the name of a variable"],
  ])("%s is said before anything is sent", async (_, line, says) => {
    const { cli } = createCli({ piped: TOKEN.reveal(), env: { SAME: TOKEN.reveal() } });
    const { status, stdout, stderr } = await cli(line);
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(says);
    expect(stderr).toMatch(/hint"?: ?/);
  });

  test("a store that cannot be written, where keys are to be made", async () => {
    const { run } = await withServer();
    expect((await run("--store env:")).status).toBe(5);
  });
});

describe("--list", () => {
  test("has every check and what it expects, and asks nobody", async () => {
    const { cli } = createCli();
    const { status, stdout, stderr } = await cli("test --list");
    expect([status, stderr]).toEqual([0, ""]);
    expect(
      stdout
        .trimEnd()
        .split("\n")
        .slice(1)
        .map((line) => line.split(" ")[0]),
    ).toEqual(CHECKS.map(({ id }) => id));
    for (const { expected } of CHECKS) expect(stdout).toContain(expected);
    const { checks } = JSON.parse((await cli("test --list --json --only refuses-*")).stdout) as { checks: unknown[] };
    expect(checks.length).toBe(CHECKS.filter(({ id }) => id.startsWith("refuses-")).length);
    const programs = await cli("test --list --stdio");
    expect(programs.stdout.trimEnd().split("\n")).toHaveLength(STDIO_CHECKS.length + 1);
  });
});

test("the store of MCP_KEYS_STORE is not touched; one that --store names is, and it is said", async () => {
  const { run, file } = await withServer();
  await run(FEW);
  expect(() => readFileSync(file)).toThrow(expect.objectContaining({ code: "ENOENT" }));
  const { stderr } = await run(`${FEW} --store file:${file}`);
  expect(stderr).toContain(`keys are made in file:${file}, and revoked at the end`);
});

test("a second key comes from its variable", async () => {
  const second = TOKEN.reveal().replace("7Fq2", "8Fq2");
  const { url } = await during(startServer([TOKEN.reveal(), second], { eras: "legacy", stateful: true }));
  const { cli } = createCli({ piped: TOKEN.reveal(), env: { SECOND: second } });
  const { stdout, stderr } = await cli(`test ${url} --only session-bound-to-key --second-key-env SECOND`);
  expect(stderr).toContain("its checksum does not fit");
  expect(stdout).toBe("");
  const opaque = "a-key-of-somebody-else-0123456789-abcdefghijk";
  const other = await during(startServer([TOKEN.reveal(), opaque], { eras: "legacy", stateful: true }));
  const made = createCli({ piped: TOKEN.reveal(), env: { SECOND: opaque } });
  const ran = await made.cli(`test ${other.url} --only session-bound-to-key --second-key-env SECOND`);
  expect(ran.stdout).toMatch(/\n {2}pass +session-bound-to-key /);
});
