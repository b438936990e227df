import { mkdtempSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { formatReport } from "../../src/core/usage-report.ts";
import { commands } from "../../src/cli/commands/index.ts";
import type { CommandEntry } from "../../src/cli/context.ts";
import { allCommands, buildProgram } from "../../src/cli/program.ts";
import { packageVersion } from "../../src/package-version.ts";
import { createCli, splitWords } from "./fake-world.ts";

describe("the program", () => {
  test("prints help with every command and exit code if no command is given", async () => {
    const { status, stdout, stderr } = await createCli().cli("");
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    for (const name of Object.keys(commands)) expect(stdout).toMatch(new RegExp(`^  ${name} `, "m"));
    for (const code of [0, 1, 2, 3, 4, 5, 6, 7, 8, 130, 141])
      expect(stdout).toMatch(new RegExp(`\\b${String(code)} [a-z]`));
    expect((await createCli().cli("--help")).stdout).toBe(stdout);
    expect((await createCli().cli("help")).stdout).toBe(stdout);
  });

  test("`help` shows what --help shows, also for a nested command and for itself", async () => {
    const { cli } = createCli();
    for (const [line, same] of [
      ["help store migrate", "store migrate --help"],
      ["--quiet help store migrate", "store migrate --help"],
      ["help store", "store --help"],
      ["help help", "--help"],
      ["help --help", "--help"],
      ["list --store help --help", "list --help"],
    ] as const) {
      expect(await cli(line), line).toEqual({ ...(await cli(same)), status: 0, stderr: "" });
    }
    expect((await cli("help store migrate")).stdout).toContain("--delete-source");
  });

  test("wraps the help of a flag at 60 columns", async () => {
    const never = () => expect.unreachable();
    for (const command of allCommands(await buildProgram(never))) {
      const help = command.configureOutput({ getOutHelpWidth: () => 60 }).helpInformation();
      expect(help.split("\n").filter((line) => line.length > 60)).toEqual([]);
    }
  });

  test("prints its version", async () => {
    for (const line of ["--version", "-v", "-V", "version", "version --json", "-v list"]) {
      expect(await createCli().cli(line)).toEqual({ status: 0, stdout: `${packageVersion}\n`, stderr: "" });
    }
  });

  test.each([
    ["genrate", 2, "did you mean generate?"],
    ["--nonsense", 2, "unknown option '--nonsense'"],
    ["list --quiet --verbose", 2, "--quiet and --verbose cannot be used together"],
    ["list --store /tmp/keys", 2, "hint: choose one of"],
    ["list --store postgres://user:pw@host/db", 2, "the store contains a password"],
    ["list --store mysql://user:pw@host/db", 2, "hint: choose one of"],
    ["store schema more", 2, "too many arguments for schema: expected 0, got 1"],
    ["store shcema", 2, "did you mean schema?"],
  ])("%s exits with %i", async (line, status, says) => {
    const ran = await createCli().cli(line);
    expect(ran).toMatchObject({ status, stdout: "" });
    expect(ran.stderr.toLowerCase()).toContain(says);
    expect(ran.stderr).toMatch(/^error: [^A-Z].*[^.]\nhint: .+\n$/);
    expect(ran.stderr).not.toContain("pw@");
  });

  test("--json prints errors as JSON on stderr, before or after the command", async () => {
    for (const line of ["show missing --json", "--json show missing", "show --json missing"]) {
      const { status, stdout, stderr } = await createCli().cli(line);
      expect({ status, stdout }).toEqual({ status: 3, stdout: "" });
      expect(JSON.parse(stderr)).toEqual({
        error: {
          code: "KEY_NOT_FOUND",
          message: 'there is no key "missing"',
          hint: "list the keys with: mcp-keys list",
        },
      });
    }
    expect(JSON.parse((await createCli().cli("--json")).stderr)).toEqual({
      error: {
        code: "USAGE",
        message: "no command was given",
        hint: "list the commands with: mcp-keys --help",
      },
    });
    expect(JSON.parse((await createCli().cli("genrate --json")).stderr)).toMatchObject({ error: { code: "USAGE" } });
  });

  test("accepts global flags before or after the command", async () => {
    const { cli } = createCli();
    await cli("generate ci");
    expect((await cli("list --json")).stdout).toBe((await cli("--json list")).stdout);
    expect((await cli("--quiet generate other")).stderr).toBe("");
    expect((await cli("generate third --quiet")).stderr).toBe("");
    expect((await cli("list --store memory:")).stderr).toContain("no keys in memory:");
  });
});

test.each(["--help", "list", "list --json", "store", "audit", "generate other --to 'cat >/dev/null' --json"])(
  "%s ends with 141 and without a message if nothing reads stdout",
  async (line) => {
    const { cli } = createCli();
    await cli("generate ci");
    expect(await cli(line, { brokenStdout: true })).toEqual({ status: 141, stdout: "", stderr: "" });
  },
);

test.each([
  ["show", "missing required argument 'key'", "see the usage with: mcp-keys show --help"],
  ["--nonsense", "unknown option '--nonsense'", "see the usage with: mcp-keys --help"],
  ["list extra", "too many arguments for list: expected 0, got 1", "see the usage with: mcp-keys list --help"],
  ["list --status", "--status <status> needs a value", "see the usage with: mcp-keys list --help"],
  [
    "test --report pdf",
    '"pdf" is not a valid value of --report',
    "choose one of pretty, json, junit, sarif, markdown, html, badge",
  ],
  [
    "rotate ci --finish --abort",
    "--finish and --abort cannot be used together",
    "see the usage with: mcp-keys rotate --help",
  ],
  ["completion", "missing required argument 'shell'", "name one, as in: mcp-keys completion bash"],
  ["completion tcsh", '"tcsh" is not a valid shell', "choose one of bash, zsh, fish, powershell"],
  ["store migrate", "--from <spec> is required", "see the usage with: mcp-keys store migrate --help"],
  ["genrate", "unknown command 'genrate'", "did you mean generate?"],
  ["nonsense", "unknown command 'nonsense'", "list the commands with: mcp-keys --help"],
  ["--quiet", "no command was given", "list the commands with: mcp-keys --help"],
  ["--json=1", "unknown option '--json=1'", "did you mean --json?"],
  ["help nonsense", "unknown command 'nonsense'", "list the commands with: mcp-keys --help"],
  ["nonsense --help", "unknown command 'nonsense'", "list the commands with: mcp-keys --help"],
  ["genrate --help", "unknown command 'genrate'", "did you mean generate?"],
  ["help store migrat", "unknown command 'migrat'", "did you mean migrate?"],
  ["store migrat --help", "unknown command 'migrat'", "did you mean migrate?"],
  ["help genrate", "unknown command 'genrate'", "did you mean generate?"],
  ["help --quiet rotat", "unknown command 'rotat'", "did you mean rotate?"],
  ["store migrat", "unknown command 'migrat'", "did you mean migrate?"],
  ["store --quiet nonsense", "unknown command 'nonsense'", "list the commands with: mcp-keys --help"],
  ["list --jsn", "unknown option '--jsn'", "did you mean --json?"],
  ["list -v", "unknown option '-v'", "did you mean --verbose?"],
  [
    "list --status activ",
    '"activ" is not a valid value of --status',
    "did you mean active? choose one of active, expiring, expired, disabled, revoked",
  ],
  [
    "test --report junti",
    '"junti" is not a valid value of --report',
    "did you mean junit? choose one of pretty, json, junit, sarif, markdown, html, badge",
  ],
  [
    "test --list --only requires-kye",
    'there is no check "requires-kye"',
    "did you mean requires-key? list them with: mcp-keys test --list",
  ],
  [
    "check ci",
    "too many arguments for check: expected 0, got 1",
    "a token is read from standard input or MCP_API_KEY; if this was one, it is now in the shell's history: replace it with: mcp-keys rotate <key>",
  ],
  [
    "test --rate many",
    "--rate must be a number of requests per second up to 1000, or per minute or hour",
    "for example: --rate 20, --rate 0.2 or --rate 12/m",
  ],
])("%s prints the next step", async (line, message, hint) => {
  expect((await createCli().cli(line)).stderr).toBe(`error: ${message}\nhint: ${hint}\n`);
});

const modules = await Promise.all(
  Object.entries<CommandEntry>(commands).map(async ([name, entry]) => ({ name, entry, module: await entry.load() })),
);

describe("every command", () => {
  const OLD_KEY = { MCP_API_KEY: "4fQ8Zr2LxWm7Vt0KcB9nYs6Jd3Hg5Pa1" };
  const examples = modules.flatMap(({ name, module }) => module.examples.map((line) => [name, line] as const));

  test.each(modules)("$name takes the arguments that --help shows", ({ name, entry, module }) => {
    const { registeredArguments } = module.build(() => expect.unreachable());
    const operands = registeredArguments.map((each) => `${each.name()}${each.variadic ? "..." : ""}`);
    const shown = registeredArguments.map(({ required }, i) => (required ? `<${operands[i]!}>` : `[${operands[i]!}]`));
    expect([name, shown.join(" ")]).toEqual([name, entry.operands]);
  });

  test.each(Object.keys(commands))("%s shows its examples first, then its flags", async (name) => {
    const { status, stdout, stderr } = await createCli().cli(`${name} --help`);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(/^Examples:\n {2}mcp-keys /);
    expect(stdout).toMatch(/\nOptions:\n[^]*\nGlobal options:\n/);
    expect((await createCli().cli(`help ${name}`)).stdout).toBe(stdout);
  });

  test.each(examples)("%s: the example `%s` is valid", async (_, example) => {
    const { cli, dir, file, clock } = createCli();
    const token = (await cli("generate ci")).stdout;
    const report = `${dir}/uses.json`;
    writeFileSync(report, formatReport({ store: `file:${file}`, server: "edge-1", at: clock.now, uses: [] }));
    const digests = `${dir}/export.jsonl`;
    writeFileSync(digests, `{"name":"other","sha256":"${"0a".repeat(32)}"}\n`);
    const words = splitWords(example.replace(/ *#.*/, "").replace(/ [<>].*/, ""))
      .slice(1)
      .map((word) => word.replace("./ci.key", `${dir}/new.key`).replace("./export.jsonl", digests))
      .map((word) => word.replace("./uses.json", report).replace(/^\.\/(logs|dist)$/, dir))
      .map((word) => (word.startsWith("gh ") ? "cat >/dev/null" : word));
    if (words[0] === "init") words.push(mkdtempSync(`${dir}/server-`));
    if (words.join(" ") === "scan") words.push(dir);
    const free = words[0] === "generate" ? words.map((word) => (word === "ci" ? "another" : word)) : words;
    const ran = await cli(free, {
      piped: token,
      env: OLD_KEY,
      ...(words[0] === "revoke" && { answers: ["ci"] }),
      ...(words[0] === "init" && { answers: ["express", "laptop", "none"] }),
    });
    expect(ran.stderr).not.toContain("error: unknown");
    expect(ran.status).not.toBe(1);
    expect(ran.status).not.toBe(2);
  });
});

test("a mistyped name of a key gets a suggestion, in every command that takes one", async () => {
  const { cli } = createCli();
  await cli("generate bob");
  await cli("generate deploy");
  const lines = ["show bobb", "rotate bobb", "rotate bobb --finish", "disable bobb", "enable bbo", "revoke BOB --yes"];
  for (const line of [...lines, "audit --key bobb"]) {
    const { status, stderr } = await cli(line);
    expect({ line, status }).toEqual({ line, status: 3 });
    expect(stderr).toMatch(
      /^error: there is no key "\w+"\nhint: did you mean bob\? list the keys with: mcp-keys list\n$/,
    );
  }
  expect((await cli("show nightly")).stderr).toContain("hint: list the keys with: mcp-keys list");
});

test("names both flags if one has no effect without the other", async () => {
  const { cli } = createCli();
  expect((await cli("rotate ci --patience 5s")).stderr).toContain(
    "\nhint: add --verify or --verify-all, or remove --patience\n",
  );
  expect((await cli("rotate ci --window 5m")).stderr).toContain("hint: add --finish or --abort, or remove --window\n");
});

test.each([
  "verify host/mcp",
  "test ftp://host/mcp",
  "test http://127.0.0.1:1/mcp --only requires-kye",
  "test --stdio --skip x -- true",
])("%s is refused before a token is asked for", async (line) => {
  // A prompt would fail: there are no answers.
  expect(await createCli({ answers: [] }).cli(line)).toMatchObject({ status: 2, stdout: "" });
});

test.each([
  ["generate ci --env-name X", "--env-name has no effect on a bare token"],
  ["rotate ci --env-name X --to 'cat >/dev/null'", "--env-name has no effect on a bare token"],
  ["export --env-name X", "--env-name has no effect on a bare token"],
  ["export --server-name x", "--server-name is only for --format kubernetes and --for"],
  ["export --format shell --server-name x", "--server-name is only for --format kubernetes and --for"],
  ["export --url https://host.example", "--url has no effect without --for"],
  ["rotate ci --patience 5s", "--patience has no effect without --verify or --verify-all"],
  ["rotate ci --grace 5s", "--grace has no effect without --to or --publish or --deploy"],
  ["generate new --grace 5s", "--grace has no effect without --to"],
  ["rotate ci --header X-API-Key", "--header has no effect without --verify or --verify-all"],
  ["rotate ci --old-token-env OLD", "--old-token-env has no effect without --verify or --verify-all"],
  ["rotate ci --abort --verify-all list", "--abort and --verify-all <file> cannot be used together"],
  ["rotate ci --allow-http", "--allow-http has no effect without --verify or --verify-all"],
  ["rotate ci --window 5m", "--window has no effect without --finish or --abort"],
  ["rotate ci --finish --expires 30d", "--finish and --expires <when> cannot be used together"],
  ["rotate ci --abort --overlap 1h", "--abort and --overlap <duration> cannot be used together"],
  ["audit --verify --since 30d", "--verify and --since <when> cannot be used together"],
  ["verify http://127.0.0.1:1/mcp --timeout 0s", "--timeout must be at least a second"],
  ["test http://127.0.0.1:1/mcp --timeout 0s", "--timeout must be at least a second"],
])("%s is refused: %s", async (line, says) => {
  const { cli } = createCli({ piped: "x".repeat(40) });
  await cli("generate ci");
  const ran = await cli(line);
  expect(ran).toMatchObject({ status: 2, stdout: "" });
  expect(ran.stderr).toContain(`error: ${says}\nhint: `);
});
