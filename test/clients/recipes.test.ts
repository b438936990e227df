import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse as parseToml } from "smol-toml";
import { describe, expect, test } from "vitest";
import { parse as parseYaml } from "yaml";
import type { ConfigSyntax } from "../../src/clients/client.ts";
import { clients } from "../../src/clients/index.ts";
import { CLIENT_NAMES } from "../../src/clients/names.ts";
import { resolvePlace } from "../../src/clients/place.ts";
import { createCli } from "../cli/fake-world.ts";
import { readPage, spansOf, tableOf, type Block } from "../docs/markdown.ts";

const page = readPage("docs/clients.md");
const PARSERS: Readonly<Record<ConfigSyntax, (text: string) => unknown>> = {
  json: (text) => JSON.parse(text) as unknown,
  yaml: (text) => parseYaml(text) as unknown,
  toml: (text) => parseToml(text),
};
const server = { url: "https://mcp.example.com/mcp", serverName: "<name>", envName: "MCP_API_KEY" };

test("docs/clients.md has one recipe a client, in the order of --help", () => {
  const recipes = page.sections.filter(({ level }) => level === 3).map(({ title }) => title);
  expect(recipes).toEqual(CLIENT_NAMES.map((name) => clients[name].title));
});

test("docs/clients.md lists the files of each client, and how it gets the key", () => {
  const place = resolvePlace({ HOME: "/home/ada" }, "linux");
  const written = tableOf(page, "Files", "`--for`").rows.map(([name, user, project, key]) => [
    ...[spansOf(name!)[0], spansOf(user!)[0], spansOf(project!)[0], key],
  ]);
  expect(written).toEqual(
    CLIENT_NAMES.map((name) => {
      const { userFile, projectFile, key } = clients[name];
      return [name, userFile?.(place).replace("/home/ada", "~"), projectFile?.(server), key];
    }),
  );
});

describe.each(CLIENT_NAMES)("the recipe for %s", (name) => {
  const { syntax, source } = clients[name];
  // After the introduction, each recipe has a command and what it prints.
  const [{ text: command }, shown] = page.blocks.slice(1 + 2 * CLIENT_NAMES.indexOf(name)) as [Block, Block];
  const words = command.trim().replace("mcp-keys ", "").split(" ");
  const parse = PARSERS[syntax];

  test("prints what the page shows, and links to the documentation of the client", async () => {
    const { cli } = createCli();
    const ran = await cli(words);
    expect(ran.status, ran.stderr).toBe(0);
    expect(shown.lang).toBe(syntax);
    expect(parse(ran.stdout)).toEqual(parse(shown.text));
    expect(page.links.map(({ target }) => target)).toContain(source.href);
  });

  test("with --install, leaves a file that says the same", async () => {
    const { cli, dir } = createCli();
    const file = join(dir, "config");
    const ran = await cli([...words, "--install", file]);
    expect(ran.status, ran.stderr).toBe(0);
    expect(parse(readFileSync(file, "utf8"))).toEqual(parse(shown.text));
  });
});
