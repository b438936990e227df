import { parse as parseToml } from "smol-toml";
import { expect, test } from "vitest";
import { parse as parseYaml } from "yaml";
import type { ConfigSyntax } from "../../src/clients/client.ts";
import { isSame, putEntry } from "../../src/clients/config-tree.ts";
import { editConfig } from "../../src/clients/edit/edit-config.ts";
import { clients } from "../../src/clients/index.ts";
import { CLIENT_NAMES } from "../../src/clients/names.ts";
import { renderConfig } from "../../src/clients/render-config.ts";

/** Names that are allowed, and that a format could read as a number, a date, a constant or a member of every object. */
const NAMES = [
  ...["0", "007", "1e3", "0x10", "1_000", "2026-11-27", "true", "Null", "no", "on", "y", "inf", "nan"],
  ...["constructor", "toString", "hasOwnProperty", "a-", "a__b", "notes-2", "a".repeat(64)],
];

const PARSERS: Readonly<Record<ConfigSyntax, (text: string) => unknown>> = {
  json: (text) => JSON.parse(text) as unknown,
  // YAML 1.1 has more constants than 1.2, and some clients read it.
  yaml: (text) => parseYaml(text, { version: "1.1" }) as unknown,
  toml: (text) => parseToml(text),
};

const named = CLIENT_NAMES.filter((name) => clients[name].uses.includes("serverName"));

test.each(named)("%s: a server may have a name that looks like something else", (client) => {
  const { syntax } = clients[client];
  const serverOf = (serverName: string) => ({ url: "https://a.example/mcp", serverName, envName: "MCP_API_KEY" });
  const add = (text: string, name: string): string =>
    editConfig(text, clients[client].entries(serverOf(name)), { syntax, force: false, source: "F" });

  for (const name of NAMES) {
    const expected = clients[client].entries(serverOf(name)).reduce<unknown>(putEntry, {});
    const printed = renderConfig(clients[client], serverOf(name));
    const installed = add("", name);
    expect(isSame(PARSERS[syntax](printed), expected), printed).toBe(true);
    expect(isSame(PARSERS[syntax](installed), expected), installed).toBe(true);
    expect(add(installed, name)).toBe(installed);

    const own = clients[client].entries(serverOf(name)).filter(({ shared }) => shared !== true);
    const other = add("", "other");
    const both = add(other, name);
    expect(isSame(PARSERS[syntax](both), own.reduce<unknown>(putEntry, PARSERS[syntax](other))), both).toBe(true);
  }
});
