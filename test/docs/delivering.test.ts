import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createVerifier, openStore } from "../../src/index.ts";
import { readPage } from "./markdown.ts";
import { createWorkspace, deliver, recipesIn, TOKEN, type Recipe } from "./recipes.ts";

const recipes = recipesIn(readPage("docs/delivering.md"));
const forTokens = recipes.filter(({ lines }) => lines.some((line) => line.startsWith("mcp-keys rotate")));

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
        expect([line, status, stderr]).toEqual([line, 0, ""]);
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

test("the recipe for a keyset lets a server without a store accept the key", async () => {
  const recipe = recipes.find(({ lines }) => lines.some((line) => line.startsWith("mcp-keys export --keyset")))!;
  const workspace = createWorkspace(recipe);
  const token = (await workspace.run("mcp-keys generate ci")).stdout.trim();
  for (const line of recipe.lines) expect((await workspace.run(line)).status).toBe(0);
  const [[name, keyset]] = [...workspace.stored()] as [[string, string]];
  expect(name).toBe("mcp-keyset keyset.json");
  const path = join(workspace.dir, "keyset.json");
  writeFileSync(path, keyset);
  const verifier = await createVerifier({ store: await openStore(`keyset:${path}`), log: () => undefined });
  expect(verifier.verify(token)).toMatchObject({ ok: true, key: { name: "ci" } });
  await verifier.close();
});
