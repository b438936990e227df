import { parse as parseJson, type ParseError } from "jsonc-parser";
import { parse as parseToml } from "smol-toml";
import { describe, expect, test } from "vitest";
import { parse as parseYaml } from "yaml";
import type { RemoteServer } from "../../src/clients/client.ts";
import { isSame, putEntry } from "../../src/clients/config-tree.ts";
import { editConfig } from "../../src/clients/edit/edit-config.ts";
import { clients } from "../../src/clients/index.ts";
import type { ClientName } from "../../src/clients/names.ts";
import { FIXTURES, REFUSED } from "./fixtures.ts";

const server: RemoteServer = { url: "https://a.example/mcp", serverName: "notes", envName: "MCP_API_KEY" };
const moved: RemoteServer = { ...server, url: "https://moved.example/mcp" };

function add(name: ClientName, text: string, to = server, force = false, entries = clients[name].entries(to)): string {
  return editConfig(text, entries, { syntax: clients[name].syntax, force, source: "F" });
}

const PARSERS = {
  json: (text: string): unknown => {
    const errors: ParseError[] = [];
    const value: unknown = parseJson(text.replace(/^\uFEFF/, ""), errors, { allowTrailingComma: true });
    expect(errors.filter(() => text.trim().replace(/^(\/\/.*\s*)*/, "") !== "")).toEqual([]);
    return value;
  },
  yaml: (text: string): unknown => parseYaml(text.replace(/^\uFEFF/, ""), { maxAliasCount: 100 }),
  toml: (text: string): unknown => parseToml(text.replace(/^\uFEFF/, ""), { integersAsBigInt: "asNeeded" }),
};

/** Returns what was inserted, or `null` if anything of the old text is missing. */
function insertedIn(before: string, after: string): string | null {
  let start = 0;
  while (start < before.length && before[start] === after[start]) start++;
  const rest = before.slice(start);
  return after.endsWith(rest) ? after.slice(start, after.length - rest.length) : null;
}

test("there are enough files", () => {
  expect(FIXTURES.length).toBeGreaterThanOrEqual(40);
  expect(new Set(FIXTURES.map(({ title }) => title)).size).toBe(FIXTURES.length);
});

describe("adds a server to", () => {
  test.each(FIXTURES)("$title", ({ client, text }) => {
    const { syntax } = clients[client];
    const eol = text.includes("\r\n") ? "\r\n" : "\n";
    let now = text;
    for (const entry of clients[client].entries(server)) {
      const next = add(client, now, server, false, [entry]);
      const inserted = insertedIn(now, next);
      if (text.includes(": null") || text.includes(": ~")) expect(next.length).toBeGreaterThan(now.length);
      else expect(inserted, next).not.toBeNull();
      if (inserted !== null) expect(inserted.replaceAll(eol, "")).not.toMatch(/[\r\n]/);
      const isNew = !(entry.shared === true && next === now);
      const expected = isNew ? putEntry(PARSERS[syntax](now) ?? {}, entry) : PARSERS[syntax](now);
      expect(isSame(PARSERS[syntax](next), expected), next).toBe(true);
      now = next;
    }
    expect(add(client, text), "all entries at once").toBe(now);
    expect(add(client, now), "the same again").toBe(now);
  });

  test.each(FIXTURES)("$title, and replaces only its value", ({ client, text }) => {
    const { syntax } = clients[client];
    if (client === "server-json") return;
    const before = add(client, text);
    expect(() => add(client, before, moved)).toThrow(expect.objectContaining({ code: "OUTPUT_EXISTS" }) as Error);
    const after = add(client, before, moved, true);
    expect(after).toBe(before.replace(server.url, moved.url));
    const [entry] = clients[client].entries(moved).slice(-1);
    expect(isSame(PARSERS[syntax](after), putEntry(PARSERS[syntax](before), entry!))).toBe(true);
  });
});

describe("refuses", () => {
  test.each(REFUSED)("$title", ({ client, text, says, code = "USAGE" }) => {
    let caught: unknown;
    try {
      add(client, text);
    } catch (error) {
      caught = error;
    }
    expect(caught).toMatchObject({ code, message: expect.stringContaining(says) });
  });
});

test("looks as if a person had written it", () => {
  const tabs = '{\n\t"mcpServers": {\n\t\t"a": {}\n\t}\n}\n';
  expect(add("cursor", tabs)).toBe(
    '{\n\t"mcpServers": {\n\t\t"notes": {\n\t\t\t"url": "https://a.example/mcp",\n\t\t\t"headers": {\n' +
      '\t\t\t\t"Authorization": "Bearer ${env:MCP_API_KEY}"\n\t\t\t}\n\t\t},\n\t\t"a": {}\n\t}\n}\n',
  );
  expect(add("cursor", '{"mcpServers":{"a":{}}}')).toBe(
    '{"mcpServers":{"notes": {"url":"https://a.example/mcp","headers":{"Authorization":"Bearer ${env:MCP_API_KEY}"}}, "a":{}}}',
  );
  expect(add("cursor", "{}")).toMatch(/^\{\n {2}"mcpServers": \{\n {4}"notes": \{\n[^]*\n {4}\}\n {2}\}\n\}$/);
  expect(add("continue", "name: a\nversion: 1.0.0\nschema: v1\nmcpServers:\n- name: b\n")).toBe(
    "name: a\nversion: 1.0.0\nschema: v1\nmcpServers:\n- name: notes\n  type: streamable-http\n" +
      '  url: "https://a.example/mcp"\n  apiKey: "${{ secrets.MCP_API_KEY }}"\n- name: b\n',
  );
  expect(add("codex", 'model = "o5"')).toBe(
    'model = "o5"\n\n[mcp_servers.notes]\nurl = "https://a.example/mcp"\nbearer_token_env_var = "MCP_API_KEY"\n',
  );
});

describe("--force", () => {
  test("keeps what is around the old entry, comments included", () => {
    const json =
      '{\n  "mcpServers": {\n    // ours\n    "notes": { "command": "x" /* old */ }, // after\n    "b": 1,\n  },\n}\n';
    const replaced = add("cursor", json, server, true);
    const [head, tail] = ['{\n  "mcpServers": {\n    // ours\n    "notes": ', ', // after\n    "b": 1,\n  },\n}\n'];
    expect([replaced.slice(0, head.length), replaced.slice(-tail.length)]).toEqual([head, tail]);

    const toml =
      'a = 1\n# ours\n[ mcp_servers . "notes" ] # x\r\ncommand = "x"\nargs = [\n  "[mcp_servers.b]",\n]\n\n# b\n[mcp_servers.b]\n';
    expect(add("codex", toml, server, true)).toMatch(
      /^a = 1\n# ours\n\[mcp_servers\.notes\]\r\n.*\r\n.*"MCP_API_KEY"\n\n# b\n\[mcp_servers\.b\]\n$/,
    );

    const crlf = '[mcp_servers.notes]\r\ncommand = "x"\r\n\r\n# b\r\n[mcp_servers.b]\r\n';
    expect(add("codex", crlf, server, true)).toMatch(/"MCP_API_KEY"\r\n\r\n# b\r\n\[mcp_servers\.b\]\r\n$/);

    const yaml = "extensions:\n  notes: # ours\n    cmd: x\n    args:\n      - y # z\n\n  # b\n  b: {}\n";
    const edited = add("goose", yaml, server, true);
    expect(edited).toMatch(/^extensions:\n {2}notes: # ours\n {4}enabled: true\n/);
    expect(edited).toMatch(/\n {4}timeout: 300 # z\n\n {2}# b\n {2}b: \{\}\n$/);
  });

  test.each([
    ["goose", "extensions:\n  notes:\n  b: {}\n"],
    ["goose", "extensions:\n  notes: {}\n  b: {}\n"],
    ["goose", "extensions:\n  notes: off # x\n  b: {}\n"],
    ["goose", "extensions:\n  notes:\n    - 1\n    - 2\n  b: {}\n"],
    ["goose", "extensions: { notes: { a: 1 }, b: {} }\n"],
    [
      "continue",
      "name: a\nversion: 1.0.0\nschema: v1\nmcpServers:\n  - a: 1\n  - name: notes\n    x: |\n      y\n  - b\n",
    ],
    ["continue", "name: a\nversion: 1.0.0\nschema: v1\nmcpServers: [{ name: notes, x: 1 }, { b: 1 }]\n"],
    ["cursor", '{"mcpServers":{"notes":null,"b":{}}}'],
    ["cursor", '{"mcpServers":{"notes":[{}],"b":{}}}'],
    ["codex", "[mcp_servers]\n[mcp_servers.notes]\n[mcp_servers.b]\nx = 1\n"],
  ] as const)("replaces an entry of another kind: %s %j", (client, text) => {
    const after = add(client, text, server, true);
    expect(add(client, after)).toBe(after);
    const [entry] = clients[client].entries(server).slice(-1);
    const { syntax } = clients[client];
    expect(isSame(PARSERS[syntax](after), putEntry(PARSERS[syntax](text), entry!)), after).toBe(true);
  });

  test.each([
    ["with a table below", "[mcp_servers.notes]\n[mcp_servers.notes.env]\nA = 1\n"],
    ["with dots", 'mcp_servers.notes.command = "x"\n'],
    ["on one line", '[mcp_servers]\nnotes = { command = "x" }\n'],
  ])("leaves an entry of Codex alone that is written %s", (_, text) => {
    expect(() => add("codex", text, server, true)).toThrow(/cannot edit F without changing something else/);
  });
});

describe("the user's own settings in the entry", () => {
  test.each([
    ["cursor", (text: string) => text.replace('"url"', '"disabled": true, "url"'), "disabled"],
    ["cline", (text: string) => text.replace('"type"', '"autoApprove": ["read"],\n      "type"'), "autoApprove"],
    ["claude-code", (text: string) => text.replace("Authorization", 'X-Team": "a",\n"Authorization'), "X-Team"],
    ["codex", (text: string) => `${text}startup_timeout_sec = 30\nhttp_headers = { "X-Team" = "a" }\n`, "X-Team"],
    ["codex", (text: string) => `${text}enabled_tools = ["a", "b"]\nenabled = false\n`, "enabled_tools"],
    [
      "goose",
      (text: string) =>
        text.replace("timeout: 300", "timeout: 300\n    envs: {}\n    available_tools: []\n    bundled: null"),
      "bundled",
    ],
    ["continue", (text: string) => `${text}    requestOptions:\n      headers:\n        X-Team: a\n`, "X-Team"],
    ["mcp-remote", (text: string) => text.replace('"env": {', '"alwaysAllow": [],\n"env": {"DEBUG": "1",'), "DEBUG"],
  ] as const)("%s: stay when the server is added again, and when its URL changes", (client, change, own) => {
    const { syntax } = clients[client];
    const text = change(add(client, ""));
    expect(text).toContain(own);
    expect(add(client, text)).toBe(text);
    expect(() => add(client, text, moved)).toThrow(expect.objectContaining({ code: "OUTPUT_EXISTS" }) as Error);
    const after = add(client, text, moved, true);
    const expected = PARSERS[syntax](text.replace(server.url, moved.url));
    expect(isSame(PARSERS[syntax](after), expected), after).toBe(true);
  });

  test.each([
    ["without some of ours", '"command": "x", "env": { "K": "secret" }, "url": "y"', ["command", "env"]],
    ["that starts a program", `"command": "x", ${cursorEntry()}`, ["command"]],
  ])("go with an entry %s, which is said", (_, inside, expected) => {
    const text = `{"mcpServers":{"notes":{${inside}}}}`;
    expect(() => add("cursor", text)).toThrow(expect.objectContaining({ code: "OUTPUT_EXISTS" }) as Error);
    const removed: string[] = [];
    const after = editConfig(text, clients.cursor.entries(server), {
      ...{ syntax: "json", force: true, source: "F" },
      onRemoved: (name) => removed.push(name),
    });
    expect(after).toBe(add("cursor", '{"mcpServers":{"notes":{}}}', server, true));
    expect(removed).toEqual(expected);
  });
});

/** The members of our entry. */
function cursorEntry(): string {
  const [entry] = clients.cursor.entries(server);
  return JSON.stringify(entry?.value).slice(1, -1);
}

describe("a key in the file of a client without variables", () => {
  const filled = (text: string): string => text.replace("<MCP_API_KEY>", "mcp_7Fq2x9Lm0aBc_0123456789");

  test.each(["lm-studio", "claude-desktop", "jetbrains", "inspector", "mcp-remote"] as const)(
    "%s: stays when the server is added again, and when its URL changes",
    (client) => {
      const text = filled(add(client, "{}"));
      expect(text).toContain("mcp_7Fq");
      expect(add(client, text)).toBe(text);
      expect(add(client, text, moved, true)).toBe(text.replace(server.url, moved.url));
    },
  );

  test("goes when the entry has another form", () => {
    const text = '{"mcpServers":{"notes":{"url":"https://a.example/mcp","headers":{"Authorization":"Basic abc"}}}}';
    expect(() => add("lm-studio", text)).toThrow(/already has notes/);
    expect(add("lm-studio", text, server, true)).toContain("Bearer <MCP_API_KEY>");
  });
});
