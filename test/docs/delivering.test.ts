import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createVerifier, openStore } from "../../src/index.ts";
import { parsePage, readPage, spansOf, tableOf } from "./markdown.ts";
import { createWorkspace, deliver, recipesIn, TOKEN, type Recipe } from "./recipes.ts";

const page = readPage("docs/delivering.md");
const recipes = recipesIn(page);
const forTokens = recipes.filter(({ lines }) => lines.some((line) => line.startsWith("mcp-keys generate")));

const lineOf = ({ lines }: Recipe, command: string): string =>
  lines.find((line) => line.startsWith(`mcp-keys ${command} `))!;

test("docs/delivering.md has a recipe for each of these programs", () => {
  const programs = forTokens.map((recipe) => / --to '(?:node |sudo )?([\w-]+)/.exec(lineOf(recipe, "rotate"))?.[1]);
  expect(programs).toEqual(
    "gh vault aws gcloud az kubectl docker op-set doppler wrangler fly systemd-creds".split(" "),
  );
});

describe.concurrent("a recipe delivers the token to one place, and a failure keeps the old token current", () => {
  test.for(forTokens)("$title", { timeout: 60_000 }, async (recipe, { expect }) => {
    const workspace = createWorkspace(recipe);
    const [generate, rotate] = [lineOf(recipe, "generate"), lineOf(recipe, "rotate")];
    let calls: string[] = [];
    for (const line of recipe.lines) {
      if (line === generate) expect(await deliver(workspace, line, 1)).toEqual([]);
      else if (line === rotate) {
        const before = workspace.calls().length;
        expect(await deliver(workspace, line, 2)).toEqual([]);
        calls = workspace.calls().slice(before);
      } else {
        const { status, stdout, stderr } = await workspace.run(line);
        // On a busy machine, `check` says that it waits for its input.
        const printed = stderr.replace("waiting for a token on standard input\n", "");
        expect([line, status, printed]).toEqual([line, 0, ""]);
        if (line.includes("| mcp-keys check")) expect(stdout).toMatch(/^valid: ci \(\w+\), version 2\n$/);
        expect(stdout).not.toMatch(TOKEN);
      }
    }
    expect(await workspace.states()).toEqual(["retiring", "current"]);

    expect(calls.length).toBeGreaterThan(0);
    for (const call of calls) {
      const { status, stdout, stderr } = await workspace.run(rotate, call);
      expect([call, status, stdout]).toEqual([call, 5, ""]);
      expect(stderr).toMatch(/^hint: .*run the same command again/m);
      expect(stderr).not.toMatch(TOKEN);
      expect((await workspace.states()).slice(0, 2)).toEqual(["retiring", "current"]);
      for (const token of workspace.stored().values()) expect(await workspace.versionOf(token)).toBeTypeOf("number");
    }
    expect(await deliver(workspace, rotate, 3 + calls.length)).toEqual([]);
    expect((await workspace.states()).at(-1)).toBe("current");
  });
});

describe.concurrent("a recipe with a wrong flag is noticed", () => {
  test.for([
    ["vault", "MCP_API_KEY=-", "MCP_API_KEY=@-", "exit status 5"],
    ["vault", "MCP_API_KEY=-'", "MCP_API_KEY=-' --to-newline", "notes MCP_API_KEY holds another text: mistyped"],
    ["vault", "MCP_API_KEY=-", 'MCP_API_KEY="$(cat)"', "the token is in the arguments of vault kv put"],
    ["vault", "'vault", "'export T=$(cat); printenv T | vault", "the token is a variable of vault kv put"],
    ["aws", "file:///dev/stdin", "file://-", "exit status 5"],
    ["gcloud", "--data-file=-", "--data-file=stdin", "exit status 5"],
    ["az", " --output none", "", "the token is in the output"],
    ["az", "utf-8", "base64", "mcp-api-key holds another text: malformed"],
    ["az", "--file /dev/stdin --encoding utf-8", '--value "$(cat)"', "processes show the token: cmdline"],
    ["kubectl", " --server-side", "", "stored in 2 places"],
    ["doppler", " --silent", "", "the token is in the output"],
    ["fly", "--format dotenv ", "", "the token is in the output"],
    ["gh", "--repo acme/notes", "--repository acme/notes", "exit status 5"],
  ] as const)("%s: %s → %s", { timeout: 60_000 }, async ([program, right, wrong, fault], { expect }) => {
    const recipe = forTokens.find((each) => lineOf(each, "generate").includes(` --to '${program} `))!;
    const line = lineOf(recipe, "generate").replaceAll(right, wrong);
    expect(await deliver(createWorkspace(recipe), line, 1)).toContain(fault);
  });
});

test("the recipe for a keyset lets a server without a store accept the token of each line", async () => {
  const recipe = recipes.find(({ lines }) => lines.some((line) => line.startsWith("mcp-keys export --keyset")))!;
  const workspace = createWorkspace(recipe);
  const path = join(workspace.dir, "keyset.json");
  let token = (await workspace.run("mcp-keys generate ci")).stdout.trim();
  for (const line of recipe.lines) {
    const { status, stderr } = await workspace.run(line);
    expect([line, status, stderr]).toEqual([line, 0, expect.not.stringContaining("error")]);
    token = workspace.stored().get("MCP_API_KEY") ?? token;
    writeFileSync(path, workspace.stored().get("mcp-keyset keyset.json")!);
    const verifier = await createVerifier({ store: await openStore(`keyset:${path}`), log: () => undefined });
    expect(verifier.verify(token)).toMatchObject({ ok: true, key: { name: "ci" } });
    await verifier.close();
  }
});

test("the examples above the recipes deliver one token to several places, and the tokens of several keys", async () => {
  const blocks = parsePage(page.path, page.text.split("### ")[0]!).blocks.filter(({ lang }) => lang === "sh");
  const [several, all, ...others] = blocks.map(({ text }) => text);
  expect(others).toEqual([]);
  const workspace = createWorkspace(recipes[0]!);
  for (const line of ["mcp-keys generate ci", "mcp-keys generate web", several!]) {
    expect(await workspace.run(line)).toMatchObject({ status: 0 });
  }
  const token = readFileSync(join(workspace.dir, "ci.key"), "utf8").trim();
  expect(await workspace.versionOf(token)).toBe(2);
  expect([...workspace.stored()].sort()).toEqual([
    ["MCP_API_KEY", token],
    ["notes MCP_API_KEY", token],
  ]);

  expect(await workspace.run(all!)).toMatchObject({ status: 0 });
  expect(await workspace.versionOf(workspace.stored().get("ci MCP_API_KEY")!)).toBe(3);
  expect(await workspace.versionOf(workspace.stored().get("web MCP_API_KEY")!)).toBe(2);
});

test("the command for another host writes a file that only its owner can read", async () => {
  const { rows } = tableOf(page, "Other commands", "the command reads a secret from");
  const [flag] = spansOf(rows.find(([from]) => from === "another host")![1]!);
  const workspace = createWorkspace(recipes[0]!);
  const path = join(workspace.dir, "ci.key");
  for (const version of [1, 2]) {
    const line = `mcp-keys ${version === 1 ? "generate" : "rotate"} ci ${flag!}`;
    expect(await workspace.run(line)).toMatchObject({ status: 0, stdout: "" });
    expect(await workspace.versionOf(readFileSync(path, "utf8"))).toBe(version);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  }
});
