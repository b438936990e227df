import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { test as command } from "../../../src/cli/commands/test.ts";
import { GROUP_TITLES } from "../../../src/probe/check.ts";
import { CHECKS } from "../../../src/probe/index.ts";
import { GRADES } from "../../../src/probe/report/grade.ts";
import { reports } from "../../../src/probe/report/index.ts";
import type { Report } from "../../../src/probe/report/report.ts";
import { STDIO_CHECKS } from "../../../src/probe/stdio/index.ts";
import { startServer, type Mistake } from "../../probe/servers/configurable-server.ts";
import { readingFrom } from "../../probe/servers/other-header.ts";
import { during, TOKEN } from "../../probe/verify/verifying.ts";
import type { Running } from "../../servers/listen.ts";
import { createCli } from "../fake-world.ts";

/** A few quick checks; the tests in `test/probe` run them all. */
const FEW = "--only requires-key,rejects-bogus-key,answers-401-without-key,answers-401-to-wrong-key";
const OPEN: Mistake = { isGuarded: ({ headers }) => headers.authorization !== undefined };
const FORBIDS: Mistake = {
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
  test("is 0 for a protected server, and stdout has only the report", async () => {
    const { run } = await withServer();
    const { status, stdout, stderr } = await run(FEW);
    expect(status).toBe(0);
    expect(stdout).toMatch(new RegExp(`^Passed\\n\\n {2}${GROUP_TITLES.rejection} +2 passed\\n`));
    expect(stdout).not.toContain("\u001b");
    expect(stderr).toMatch(/^4 checks, at most \d+ requests, \d+ of them without your key at 20 a second\n$/);
  });

  test("is 8 if the server accepts a request without a key, and the report explains the fix", async () => {
    const { run } = await withServer(OPEN);
    const { status, stdout } = await run(FEW);
    expect(status).toBe(8);
    const { expected, fix, source } = CHECKS.find(({ id }) => id === "requires-key")!;
    const head = `Access: 1 problem\n\n  fail  requires-key\n    expected  ${expected} (MUST)\n    observed  `;
    // What is wrong comes first.
    expect(stdout.startsWith(head)).toBe(true);
    expect(stdout).toMatch(/\n {4}observed {2}.*\bno key\n/);
    expect(stdout).toContain(`\n    rule      ${source.href}\n    fix       ${fix}\n`);
    expect(stdout).toContain(`\nresult    unprotected\ngrade     F  ${GRADES.F.rule}\n`);
  });

  test("is 0 for conformance problems, which are listed separately, and 8 with --strict", async () => {
    const { run } = await withServer(FORBIDS);
    const { status, stdout } = await run(FEW);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^Conformance: 2 problems\n/);
    expect(stdout).not.toContain("Access");
    expect(stdout).toMatch(/\nresult +no access problem found by the selected checks\n/);
    expect((await run(`${FEW} --strict`)).status).toBe(8);
  });

  test("is 7 if the server refuses the key, and the report names the header it accepts", async () => {
    const { url, run } = await withServer({
      tokenOf: ({ headers }) => String(headers["x-api-key"] ?? ""),
      readKey(request) {
        return this.tokenOf(request) === "" ? "none" : this.knows(this.tokenOf(request)) ? "valid" : "wrong";
      },
    });
    const refused = await run("--only accepts-valid-key");
    expect(refused.status).toBe(7);
    expect(refused.stdout).toContain("accepts your key in X-API-Key; add: --header X-API-Key\n");
    expect(refused.stdout).toMatch(/\nresult +inconclusive\n/);
    expect(refused.stdout).not.toContain("grade");
    expect((await run("--header X-API-Key --only accepts-valid-key,requires-key,rejects-bogus-key")).status).toBe(0);
    expect(url).toContain("127.0.0.1");
  });

  test("is 7 if nothing answers, and the untestable checks take one line", async () => {
    const gone: Running = await startServer([]);
    await gone.close();
    const { cli } = createCli({ piped: TOKEN.reveal() });
    const { status, stdout } = await cli(`test ${gone.url}`);
    expect(status).toBe(7);
    expect(stdout).toContain("refuses connections");
    expect(stdout.match(/no MCP server answers at this URL/g)).toHaveLength(1);
    expect(stdout).toMatch(/\nUntestable\n\n +\d\d {2}no MCP server answers at this URL\n/);
  });
});

test("the suggested command has the same --header", async () => {
  const mistake = { ...readingFrom({ name: "x-proxy-auth", scheme: "Bearer" }), knows: () => true };
  const { cli, url } = await withServer(mistake);
  const words = ["test", url, "--header", "X-Proxy-Auth: Bearer", "--only", "rejects-bogus-key"];
  const { status, stderr } = await cli(words, { answers: [], env: { MCP_API_KEY: TOKEN.reveal() } });
  expect(status).toBe(8);
  expect(stderr).toContain(`next: mcp-keys test ${url} --header 'x-proxy-auth: Bearer' --only rejects-bogus-key\n`);
});

describe("reports", () => {
  test("--report chooses the format; --json means json", async () => {
    const { run, url } = await withServer(OPEN);
    const { stdout } = await run(`${FEW} --report json`);
    const report = JSON.parse(stdout) as Report & { schemaVersion: number };
    expect(Object.keys(report)[0]).toBe("schemaVersion");
    expect(report).toMatchObject({ schemaVersion: 1, url, ok: false, result: "unprotected", proven: true, grade: "F" });
    expect(report.findings.map(({ id }) => id)).toEqual(CHECKS.map(({ id }) => id).filter((id) => FEW.includes(id)));
    const again = await run(`${FEW} --json`);
    expect(JSON.parse(again.stdout)).toMatchObject({ schemaVersion: 1, result: "unprotected" });
    expect((await run(`${FEW} --report junit`)).stdout).toMatch(/^<\?xml [^]*<\/testsuites>\n$/);
    expect(JSON.parse((await run(`${FEW} --report sarif`)).stdout)).toMatchObject({ version: "2.1.0" });
    expect((await run(`${FEW} --report markdown`)).stdout).toMatch(/^## MCP server: unprotected\n/);
  });

  test("--verbose lists every check, with references and the request and answer of each fault", async () => {
    const { run } = await withServer(OPEN);
    const { stdout } = await run(`${FEW} --verbose`);
    expect(stdout).toMatch(new RegExp(`\\n${GROUP_TITLES.rejection}\\n {2}fail {8}requires-key +accepted `));
    expect(stdout).toMatch(/\n {4}see also {2}MCP07:2025, CWE-287, CWE-306, CVE-\d/);
    expect(stdout).toMatch(/\n {4}sent\n {6}POST \/mcp HTTP\/1\.1\n[^]*\n {4}received\n {6}HTTP\/1\.1 200\n/);
    expect(stdout).not.toContain("Passed");
  });

  test("a terminal of 80 columns is never exceeded", async () => {
    const { url } = await during(startServer([TOKEN.reveal()], { isGuarded: () => false }));
    for (const flags of ["", "--verbose"]) {
      const made = createCli({ piped: TOKEN.reveal() });
      const { stdout } = await made.cli(`test ${url} --rate 1000 ${flags}`, { columns: 80 });
      const wide = stdout.split("\n").filter((line) => line.length > 80 && !/https?:|^ {6}\S/.test(line));
      expect(wide).toEqual([]);
    }
  });

  test("--report accepts every format of the registry", () => {
    const { options } = command.build(() => {
      throw new Error("no command runs here");
    });
    const { argChoices } = options.find(({ long }) => long === "--report")!;
    expect(argChoices).toEqual(["pretty", ...Object.keys(reports)]);
  });

  test("--quiet prints only errors to stderr", async () => {
    const { run } = await withServer();
    expect((await run(`${FEW} --quiet`)).stderr).toBe("");
  });

  test("ends with 141 and without an error if nothing reads stdout", async () => {
    const { run } = await withServer(OPEN);
    const { status, stderr } = await run(FEW, { brokenStdout: true });
    expect(status).toBe(141);
    expect(stderr).not.toContain("error:");
  });
});

test.each(["pretty", ...Object.keys(reports)])(
  "the %s report contains no key, even if the server repeats it",
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
    expect(stdout).toContain(name === "badge" ? "grade" : name === "pretty" ? "Passed" : "hides-presented-key");
    expect(pieces.filter((piece) => said.includes(piece))).toEqual([]);
  },
);

describe("a baseline", () => {
  test("ignores the findings of an earlier report, but not new ones", async () => {
    const nonconforming = await withServer(FORBIDS);
    const file = join(nonconforming.dir, "baseline.json");
    writeFileSync(file, (await nonconforming.run(`${FEW} --report json`)).stdout);
    const again = await nonconforming.run(`${FEW} --strict --baseline ${file}`);
    expect(again.status).toBe(0);
    expect(again.stdout).toMatch(/\nknown +2 in the baseline, not counted\n/);
    const open = await withServer({ ...OPEN, ...FORBIDS });
    expect((await open.run(`${FEW} --baseline ${file}`)).status).toBe(8);
  });

  test("is a usage error if it is missing or no report, before anything is sent", async () => {
    const { run, file, cli } = await withServer();
    await cli("generate ci");
    for (const path of ["/nowhere/baseline.json", file]) {
      const { status, stderr, stdout } = await run(`--baseline ${path}`);
      expect([status, stdout]).toEqual([2, ""]);
      expect(stderr).toContain("hint: create one with: mcp-keys test <url> --report json");
    }
  });
});

describe("unusable input", () => {
  const url = "http://127.0.0.1:1/mcp";
  test.each([
    ["no server", "test", "no server was given"],
    ["two servers", `test ${url} ${url}`, "more than one server"],
    ["no program", "test --stdio", "no program was given"],
    ["an unknown check", `test ${url} --only rejects-everything`, `no check "rejects-everything"`],
    ["no checks left", `test ${url} --only reachable --skip reach*`, "no check is left"],
    ["two reports", `test ${url} --json --report junit`, "cannot be used together"],
    ["an invalid rate", `test ${url} --rate 0`, "a number of requests per second"],
    ["an invalid concurrency", `test ${url} --concurrency many`, "1 to 64"],
    ["a header that HTTP uses", `test ${url} --header Host`, "cannot carry a key"],
    ["a key in the header", `test ${url} --header 'X-API-Key: s3cr3t'`, "cannot carry a key"],
    ["a variable for a server", `test ${url} --env-name X`, "--env-name is only for programs"],
    ["a header for a program", "test --stdio --header X-API-Key -- node", "--header cannot be used with --stdio"],
    ["a store for a program", "test --stdio --store memory: -- node", "--store cannot be used with --stdio"],
    ["plain http to another machine", "test http://192.0.2.1/mcp", "plain http"],
    ["a key in the address", `test http://127.0.0.1:1/mcp?api_key=abc`, "the URL contains a key"],
    ["no second key", `test ${url} --second-key-env NO_SUCH`, "NO_SUCH is not set"],
    ["the same key twice", `test ${url} --second-key-env SAME`, "SAME holds the key under test"],
    ["no variable", `test ${url} --second-key-env mcp-key`, "the name of a variable"],
  ])("%s is reported before anything is sent", async (_, line, says) => {
    const { cli } = createCli({ piped: TOKEN.reveal(), env: { SAME: TOKEN.reveal() } });
    const { status, stdout, stderr } = await cli(line);
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(says);
    expect(stderr).toMatch(/hint"?: ?/);
  });

  test("a read-only store is reported", async () => {
    const { run } = await withServer();
    expect((await run("--store env:")).status).toBe(5);
  });
});

describe("--list", () => {
  test("prints all checks and what they expect, and sends nothing", async () => {
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
    const { checks } = JSON.parse((await cli("test --list --json --only rejects-*")).stdout) as { checks: unknown[] };
    expect(checks.length).toBe(CHECKS.filter(({ id }) => id.startsWith("rejects-")).length);
    const programs = await cli("test --list --stdio");
    expect(programs.stdout.trimEnd().split("\n")).toHaveLength(STDIO_CHECKS.length + 1);
  });
});

test("issues test keys only in a store given with --store, and says so", async () => {
  const { run, file } = await withServer();
  await run(FEW);
  expect(() => readFileSync(file)).toThrow(expect.objectContaining({ code: "ENOENT" }));
  const { stderr } = await run(`${FEW} --store file:${file}`);
  expect(stderr).toContain(`issuing test keys in file:${file}; they are revoked at the end`);
});

test("reads the second key from the variable of --second-key-env", async () => {
  const second = TOKEN.reveal().replace("7Fq2", "8Fq2");
  const { url } = await during(startServer([TOKEN.reveal(), second], { eras: "legacy", stateful: true }));
  const { cli } = createCli({ piped: TOKEN.reveal(), env: { SECOND: second } });
  const { stdout, stderr } = await cli(`test ${url} --only session-bound-to-key --second-key-env SECOND`);
  expect(stderr).toContain("its checksum is wrong");
  expect(stdout).toBe("");
  const opaque = "a-key-of-somebody-else-0123456789-abcdefghijk";
  const other = await during(startServer([TOKEN.reveal(), opaque], { eras: "legacy", stateful: true }));
  const made = createCli({ piped: TOKEN.reveal(), env: { SECOND: opaque } });
  const ran = await made.cli(`test ${other.url} --only session-bound-to-key --second-key-env SECOND`);
  expect(ran.stdout).toMatch(/\n {2}sessions +1 passed\n/);
});
