import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { ROOT } from "../docs/markdown.ts";
import { startServer, type Mistake } from "../probe/servers/configurable-server.ts";
import { during, SECOND_TOKEN, TOKEN } from "../probe/verify/verifying.ts";
import { BIN, createProcesses, runProcess, type Ended } from "./process.ts";

type Values = Readonly<Record<string, string>>;
type Inputs = Readonly<Record<string, { readonly default?: string; readonly required?: boolean }>>;

interface Step {
  readonly id?: string;
  readonly run?: string;
  readonly uses?: string;
  readonly if?: string;
  readonly env?: Values;
  readonly with?: Values;
}

interface Action {
  readonly inputs: Inputs;
  readonly outputs: Readonly<Record<string, { readonly value: string }>>;
  readonly runs: { readonly using: string; readonly steps: readonly Step[] };
}

interface Job {
  readonly stage: string;
  readonly image: string;
  readonly variables: Values;
  readonly script: readonly string[];
  readonly artifacts: { readonly paths: readonly string[]; readonly reports: Values };
}

const read = (name: string): string => readFileSync(join(ROOT, name), "utf8");
const action = parse(read("action.yml")) as Action;
const [spec, job] = parseAllDocuments(read("templates/mcp-keys.yml")).map((document) => document.toJS() as unknown);
const { version } = JSON.parse(read("package.json")) as { version: string };

const OPEN: Mistake = { isGuarded: ({ headers }) => headers.authorization !== undefined };
const FEW = "requires-key,rejects-bogus-key";

/** Starts a server, and a folder with an `npx` that runs the built CLI and writes down its arguments. */
async function createRunner(mistake: Mistake = {}) {
  const { url } = await during(startServer([TOKEN.reveal(), SECOND_TOKEN.reveal()], mistake));
  const { dir, env } = createProcesses();
  const bin = join(dir, "bin");
  mkdirSync(bin);
  const npx = `#!/bin/sh\nprintf '%s\\n' "$@" >'${dir}/argv'\n[ "$1 $2" = "--yes mcp-keys@${version}" ] || exit 99\nshift 2\nexec '${process.execPath}' '${BIN}' "$@"\n`;
  writeFileSync(join(bin, "npx"), npx);
  chmodSync(join(bin, "npx"), 0o755);
  for (const name of ["output", "summary"]) writeFileSync(join(dir, name), "");
  const all = {
    ...{ ...env, PATH: `${bin}:${env.PATH ?? ""}`, MCP_API_KEY: TOKEN.reveal() },
    ...{ GITHUB_OUTPUT: join(dir, "output"), GITHUB_STEP_SUMMARY: join(dir, "summary") },
  };
  const file = (name: string): string => readFileSync(join(dir, name), "utf8");
  return { url, dir, env: all, file };
}

/** The values of `steps.test.outputs`. */
function outputsOf(text: string): Values {
  return Object.fromEntries(
    text
      .trim()
      .split("\n")
      .map((line) => line.split("=", 2)),
  );
}

/** Runs the steps of the action as the runner does, except those of other actions. */
async function runAction(inputs: Values, { env, dir }: { env: Values; dir: string }): Promise<Ended> {
  const given = Object.fromEntries(
    Object.entries(action.inputs).map(([name, input]) => [name, inputs[name] ?? input.default ?? ""]),
  );
  const fill = (text: string): string =>
    text.replace(/\$\{\{ inputs\.([\w-]+)(?: \|\| env\.(\w+))? \}\}/g, (_, name: string, other?: string) => {
      return given[name] === "" && other !== undefined ? (env[other] ?? "") : given[name]!;
    });
  const [step, ...others] = action.runs.steps.filter(({ run }) => run !== undefined);
  expect(others).toEqual([]);
  const variables = Object.fromEntries(Object.entries(step!.env!).map(([name, value]) => [name, fill(value)]));
  // As `shell: bash` does.
  return runProcess("bash", ["--noprofile", "--norc", "-eo", "pipefail", "-c", step!.run!], {
    env: { ...env, ...variables },
    cwd: dir,
  });
}

describe("action.yml", () => {
  test("puts no input into a script, and pins the version of this package", () => {
    for (const { run = "" } of action.runs.steps) expect(run).not.toContain("${{");
    expect(action.inputs["version"]!.default).toBe(version);
    const used = new Set([...read("action.yml").matchAll(/inputs\.([\w-]+)/g)].map(([, name]) => name!));
    expect([...used].sort()).toEqual(Object.keys(action.inputs).sort());
  });

  test.each<[string, Mistake, Values, string]>([
    ["passes a protected server", {}, {}, "0"],
    ["fails for an unprotected server", OPEN, {}, "8"],
    ["fails if the result is inconclusive", { knows: () => false }, {}, "7"],
    ["takes the key from its input", {}, { key: SECOND_TOKEN.reveal() }, "0"],
  ])("%s, with the summary and the findings", async (_, mistake, inputs, status) => {
    const runner = await createRunner(mistake);
    const ended = await runAction({ url: runner.url, args: `--only\n${FEW}`, ...inputs }, runner);
    expect(ended.status).toBe(Number(status));
    expect(outputsOf(runner.file("output"))).toEqual({ status, "sarif-file": "mcp-access.sarif" });
    expect(JSON.parse(runner.file("mcp-access.sarif"))).toMatchObject({ version: "2.1.0" });
    expect(runner.file("summary")).toMatch(/^## MCP server: /);
    for (const text of [ended.stdout, ended.stderr, runner.file("argv"), runner.file("summary")]) {
      expect(text).not.toContain(TOKEN.reveal().slice(17, 40));
      expect(text).not.toContain(SECOND_TOKEN.reveal().slice(17, 40));
    }
  });

  test("passes every input on as one argument", async () => {
    const runner = await createRunner();
    const inputs = { header: "Authorization: Bearer", "second-key": SECOND_TOKEN.reveal(), "sarif-file": "a b.sarif" };
    const args = `--only\n${FEW}\n\n--skip\n$(touch hacked)*`;
    const ended = await runAction({ url: runner.url, ...inputs, store: "file:no such/keys.jsonl", args }, runner);
    expect(ended.status).toBe(2);
    expect(runner.file("argv").trim().split("\n")).toEqual([
      ...["--yes", `mcp-keys@${version}`, "test", runner.url],
      ...["--save", "sarif=a b.sarif", "--save", `markdown=${runner.env.GITHUB_STEP_SUMMARY}`],
      ...["--header", "Authorization: Bearer", "--store", "file:no such/keys.jsonl"],
      ...["--second-key-env", "SECOND_KEY", "--only", FEW, "--skip", "$(touch hacked)*"],
    ]);
    expect(existsSync(join(runner.dir, "hacked"))).toBe(false);
    expect(outputsOf(runner.file("output"))).toEqual({ status: "2" });
  });

  test("says that there is no key, and uploads no older findings", async () => {
    const runner = await createRunner();
    writeFileSync(join(runner.dir, "mcp-access.sarif"), "{}");
    const ended = await runAction({ url: runner.url }, { ...runner, env: { ...runner.env, MCP_API_KEY: "" } });
    expect(ended).toMatchObject({ status: 2, stderr: expect.stringContaining("no token was given") });
    expect(outputsOf(runner.file("output"))).toEqual({ status: "2" });
    const upload = action.runs.steps.find(({ uses }) => uses !== undefined);
    expect(upload).toMatchObject({
      uses: expect.stringMatching(/^github\/codeql-action\/upload-sarif@v\d+$/),
      if: "${{ !cancelled() && inputs.upload == 'true' && steps.test.outputs.sarif-file != '' }}",
      with: { sarif_file: "${{ steps.test.outputs.sarif-file }}" },
    });
    const outputs = Object.values(action.outputs).map(({ value }) => /outputs\.([\w-]+)/.exec(value)?.[1]);
    expect(outputs.sort()).toEqual(["sarif-file", "status"]);
  });
});

describe("templates/mcp-keys.yml", () => {
  const { inputs } = (spec as { spec: { inputs: Inputs } }).spec;

  /** The job as GitLab makes it. */
  function jobOf(given: Values): Job {
    const text = JSON.stringify(job).replace(/\$\[\[ inputs\.([\w-]+) \]\]/g, (_, name: string) => {
      const value = given[name] ?? inputs[name]?.default;
      if (value === undefined) throw new Error(`no input ${name}`);
      return JSON.stringify(value).slice(1, -1);
    });
    const [made] = Object.values(JSON.parse(text) as Record<string, Job>);
    return made!;
  }

  test("pins the version of this package, and uses every input", () => {
    expect(inputs["version"]!.default).toBe(version);
    const used = [...JSON.stringify(job).matchAll(/inputs\.([\w-]+)/g)].map(([, name]) => name!);
    expect(used.sort()).toEqual(Object.keys(inputs).sort());
    expect(jobOf({ url: "x" })).toMatchObject({ stage: "test", image: expect.stringMatching(/^node:\d+$/) });
  });

  test.each<[string, Mistake, number]>([
    ["passes a protected server", {}, 0],
    ["fails for an unprotected server", OPEN, 8],
    ["fails if the result is inconclusive", { knows: () => false }, 7],
  ])("%s, and leaves the reports", async (_, mistake, status) => {
    const { url, env, dir, file } = await createRunner(mistake);
    const made = jobOf({ url, args: `--only ${FEW}` });
    const ended = await runProcess("sh", ["-ec", made.script.join("\n")], {
      env: { ...env, ...made.variables },
      cwd: dir,
    });
    expect(ended.status).toBe(status);
    const left = [...made.artifacts.paths, ...Object.values(made.artifacts.reports)];
    expect(left).toHaveLength(2);
    for (const name of left) expect(file(name)).toContain("requires-key");
    expect(ended.stdout + ended.stderr).not.toContain(TOKEN.reveal().slice(17, 40));
  });
});
