import type { ClientName } from "../../src/clients/names.ts";

/** A file of a client before the edit. */
interface Fixture {
  readonly title: string;
  readonly client: ClientName;
  readonly text: string;
}

const lines = (...all: string[]): string => all.map((line) => `${line}\n`).join("");

/** Files that people have. Each one can be edited without a change to anything that is there. */
export const FIXTURES: readonly Fixture[] = [
  { title: "JSON: an empty file", client: "claude-code", text: "" },
  { title: "JSON: a byte order mark alone", client: "claude-code", text: "\uFEFF" },
  { title: "JSON: an empty object", client: "claude-code", text: "{}" },
  { title: "JSON: an empty object with spaces", client: "claude-code", text: "{  }\n" },
  { title: "JSON: an empty object over two lines", client: "claude-code", text: "{\n}\n" },
  { title: "JSON: comments alone", client: "zed", text: "// Zed settings\n\n" },
  { title: "JSON: an object with a comment alone", client: "zed", text: "{\n  // nothing yet\n}\n" },
  { title: "JSON: an object with a block comment alone", client: "zed", text: "{ /* nothing yet */ }" },
  { title: "JSON: other settings only", client: "gemini", text: '{\n  "theme": "dark",\n  "vim": true\n}\n' },
  { title: "JSON: an empty list of servers", client: "cursor", text: '{\n  "mcpServers": {}\n}\n' },
  { title: "JSON: no servers, null", client: "cursor", text: '{\n  "mcpServers": null,\n  "a": 1\n}\n' },
  {
    title: "JSON: other servers",
    client: "cursor",
    text: '{\n  "mcpServers": {\n    "a": { "url": "https://a.example/mcp" },\n    "b": { "command": "b" }\n  }\n}\n',
  },
  {
    title: "JSON: everything on one line",
    client: "cursor",
    text: '{"mcpServers":{"a":{"url":"https://a.example/mcp"}},"x":[1,2]}',
  },
  { title: "JSON: one line with spaces", client: "cursor", text: '{ "mcpServers": { "a": {} } }' },
  {
    title: "JSON: the first member on the line of the brace",
    client: "cursor",
    text: '{ "x": 1,\n  "mcpServers": { "a": 1,\n    "b": 2 } }\n',
  },
  {
    title: "JSON: tabs",
    client: "vscode",
    text: '{\n\t"servers": {\n\t\t"a": {\n\t\t\t"type": "stdio"\n\t\t}\n\t}\n}\n',
  },
  {
    title: "JSON: four spaces",
    client: "vscode",
    text: '{\n    "servers": {\n        "a": {}\n    },\n    "inputs": []\n}\n',
  },
  {
    title: "JSON: CRLF",
    client: "claude-code",
    text: '{\r\n  // mine\r\n  "mcpServers": {\r\n    "a": {} // last\r\n  }\r\n}\r\n',
  },
  {
    title: "JSON: a byte order mark and CRLF",
    client: "claude-desktop",
    text: '\uFEFF{\r\n  "mcpServers": {}\r\n}\r\n',
  },
  { title: "JSON: no line break at the end", client: "roo", text: '{\n  "mcpServers": {\n    "a": {}\n  }\n}' },
  {
    title: "JSON: trailing commas",
    client: "zed",
    text: '{\n  "ui_font_size": 16,\n  "context_servers": {\n    "a": { "command": "a", },\n  },\n}\n',
  },
  {
    title: "JSON: comments everywhere",
    client: "zed",
    text: lines(
      "// Zed settings",
      "/* see the docs */ { // top",
      '  "theme": "One", /* why not */ // really',
      "  // servers",
      '  "context_servers": { // mine',
      "    // the first",
      '    "a": {}, // a',
      "    /* b: { */",
      '    "b": { "url": "https://b.example//mcp" } // not } the end',
      "  } /* done */",
      "} // end",
    ),
  },
  {
    title: "JSON: braces, quotes and comment signs in strings",
    client: "cline",
    text: '{\n  "note": "} // \\" /* \\\\",\n  "mcpServers": {\n    "}": { "x": "{\\u007d" }\n  }\n}\n',
  },
  {
    title: "JSON: members of other programs",
    client: "claude-code",
    text: '{\n  "numStartups": 12,\n  "projects": {\n    "/home/ada": { "mcpServers": { "notes": { "type": "stdio" } } }\n  },\n  "oauth": 1e400\n}\n',
  },
  {
    title: "JSON: the same name at another level",
    client: "gemini",
    text: '{\n  "notes": { "mcpServers": 1 },\n  "mcpServers": {\n    "other": { "notes": {} }\n  }\n}\n',
  },
  {
    title: "JSON: two other members with one name",
    client: "gemini",
    text: '{\n  "x": 1,\n  "x": 2,\n  "mcpServers": { "a": 1, "a": 2 }\n}\n',
  },
  {
    title: "JSON: names of prototypes",
    client: "gemini",
    text: '{\n  "constructor": 1,\n  "toString": { "a": 1 }\n}\n',
  },
  {
    title: "JSON: indented as a whole",
    client: "opencode",
    text: '   {\n     "mcp": {\n       "a": {}\n     }\n   }\n',
  },
  {
    title: "JSON: an input of another server",
    client: "vscode",
    text: '{\n  "inputs": [\n    { "id": "other", "type": "promptString" }\n  ],\n  "servers": {}\n}\n',
  },
  {
    title: "JSON: the input is there already",
    client: "vscode",
    text: '{ "inputs": [{ "id": "mcp-api-key", "own": 1 }] }\n',
  },
  {
    title: "JSON: a server of the registry",
    client: "server-json",
    text: '{\n  "name": "com.example/notes",\n  "version": "1.0.0",\n  "remotes": [{ "type": "sse", "url": "https://a.example/sse" }]\n}\n',
  },
  { title: "YAML: an empty file", client: "goose", text: "" },
  { title: "YAML: comments alone", client: "goose", text: "# Goose\n# settings" },
  { title: "YAML: a start of a document", client: "goose", text: "---\n" },
  {
    title: "YAML: other settings only",
    client: "goose",
    text: "GOOSE_PROVIDER: openai\nGOOSE_MODE: auto # or approve\n",
  },
  { title: "YAML: no line break at the end", client: "goose", text: "---\nGOOSE_PROVIDER: openai" },
  { title: "YAML: no extensions", client: "goose", text: "extensions:\nGOOSE_MODE: auto\n" },
  { title: "YAML: no extensions, with a comment", client: "goose", text: "extensions: # none\n\nGOOSE_MODE: auto\n" },
  { title: "YAML: extensions null", client: "goose", text: "extensions: ~ # none\nGOOSE_MODE: auto\n" },
  { title: "YAML: extensions {}", client: "goose", text: "extensions: {}\n" },
  { title: "YAML: extensions in braces", client: "goose", text: "extensions: { a: { type: stdio }, b: {} } # two\n" },
  { title: "YAML: the whole file in braces", client: "goose", text: '{ "GOOSE_MODE": auto }\n' },
  {
    title: "YAML: other extensions, comments and four spaces",
    client: "goose",
    text: lines(
      "# Goose",
      "extensions: # all of them",
      "    # built in",
      "    developer: # yes",
      "        bundled: true",
      "        args: [a, b] # two",
      "",
      "    # the end",
      "GOOSE_MODE: auto",
      "# vim: sw=4",
    ),
  },
  {
    title: "YAML: CRLF",
    client: "goose",
    text: "extensions:\r\n  # one\r\n  a:\r\n    type: stdio\r\nGOOSE_MODE: auto\r\n",
  },
  { title: "YAML: a byte order mark", client: "goose", text: "\uFEFFextensions:\n  a:\n    type: stdio\n" },
  {
    title: "YAML: texts over several lines, anchors and merges",
    client: "goose",
    text: lines(
      "base: &base",
      "  timeout: 300",
      "text: |",
      "  extensions:",
      "    notes: x",
      "more: >-",
      "  folded",
      "  text",
      "extensions:",
      "  a:",
      "    <<: *base",
      "    instructions: |+",
      "      keep",
      "",
    ),
  },
  {
    title: "YAML: a list at the column of its name",
    client: "continue",
    text: "name: mine\nversion: 1.0.0\nschema: v1\nmcpServers:\n- name: a # first\n  command: a\n- name: b\nmodels: []\n",
  },
  {
    title: "YAML: an indented list",
    client: "continue",
    text: "name: mine\nversion: 1.0.0\nschema: v1\nmcpServers:\n    # servers\n    - name: a\n      args:\n        - x\n",
  },
  {
    title: "YAML: an empty list in brackets",
    client: "continue",
    text: "name: mine\nversion: 1.0.0\nschema: v1\nmcpServers: [] # none\n",
  },
  {
    title: "YAML: a gateway with other targets",
    client: "agentgateway",
    text: "# yaml-language-server: x\nmcp:\n  port: 8080\n  targets:\n  - name: a\n    mcp: { host: http://a:1/mcp }\n",
  },
  { title: "TOML: an empty file", client: "codex", text: "" },
  { title: "TOML: comments alone", client: "codex", text: "# Codex\n" },
  { title: "TOML: other settings, no line break at the end", client: "codex", text: 'model = "o5" # best' },
  {
    title: "TOML: other tables, comments and empty lines",
    client: "codex",
    text: lines(
      'model = "o5"',
      "",
      "# mine",
      "[mcp_servers.a] # a",
      'command = "a"',
      "",
      '[projects."/home/ada"]',
      "x = 1",
      "",
      "",
    ),
  },
  { title: "TOML: CRLF", client: "codex", text: 'model = "o5"\r\n\r\n[mcp_servers.a]\r\ncommand = "a"\r\n' },
  { title: "TOML: a byte order mark", client: "codex", text: '\uFEFFmodel = "o5"\n' },
  { title: "TOML: keys with dots", client: "codex", text: 'mcp_servers.a.command = "a"\n' },
  {
    title: "TOML: a text that looks like our table",
    client: "codex",
    text: lines('text = """', "[mcp_servers.notes]", 'url = "x"', '"""', "list = [", '  ["mcp_servers.notes"],', "]"),
  },
  {
    title: "TOML: lists of tables, dates and large numbers",
    client: "codex",
    text: lines(
      "a = 9223372036854775807",
      "b = 1979-05-27T07:32:00Z",
      "c = 07:32:00",
      "[[d]]",
      "e = nan",
      "[[d]]",
      "[d.f]",
    ),
  },
];

/** Files that are refused, and what the error says. */
export const REFUSED: readonly (Fixture & { readonly says: string; readonly code?: string })[] = [
  {
    title: "JSON that is cut short",
    client: "cursor",
    text: '{\n  "mcpServers": {',
    says: "line 2 of F is not valid JSON",
  },
  { title: "JSON with an error in line 3", client: "cursor", text: '{\n  "a": 1,\n  b: 2\n}', says: "line 3 of F" },
  {
    title: "JSON with a line of another program",
    client: "cursor",
    text: "{}\nxyz",
    says: "line 2 of F is not valid JSON",
  },
  { title: "JSON with an unfinished merge", client: "cursor", text: "{\n<<<<<<< HEAD\n}", says: "line 2 of F" },
  { title: "JSON that is a list", client: "cursor", text: "[]", says: "F is not an object" },
  { title: "JSON that is a text", client: "cursor", text: '"x"', says: "F is not an object" },
  {
    title: "servers that are a list",
    client: "cursor",
    text: '{"mcpServers":[]}',
    says: 'F has "mcpServers" that is not an object',
  },
  { title: "servers that are a text", client: "cursor", text: '{"mcpServers":"x"}', says: "that is not an object" },
  {
    title: "inputs that are an object",
    client: "vscode",
    text: '{"inputs":{}}',
    says: 'F has "inputs" that is not a list',
  },
  {
    title: "two lists of servers",
    client: "cursor",
    text: '{"mcpServers":{},"mcpServers":{}}',
    says: "cannot edit F without changing something else",
  },
  { title: "JSON that nests too deeply", client: "cursor", text: "[".repeat(20_000), says: "F is not valid JSON" },
  {
    title: "another server of that name",
    client: "cursor",
    text: '{"mcpServers":{"notes":{"url":"https://b.example/mcp"}}}',
    says: "F already has notes, with other settings",
    code: "OUTPUT_EXISTS",
  },
  {
    title: "another server of that name in a list",
    client: "continue",
    text: "name: a\nversion: 1.0.0\nschema: v1\nmcpServers:\n  - name: notes\n    url: https://b.example/mcp\n",
    says: "F already has notes, with other settings",
    code: "OUTPUT_EXISTS",
  },
  {
    title: "another server of that name in TOML",
    client: "codex",
    text: '[mcp_servers.notes]\ncommand = "x"\n',
    says: "F already has notes",
    code: "OUTPUT_EXISTS",
  },
  { title: "YAML with a tab", client: "goose", text: "a:\n\tb: 1\n", says: "line 2 of F is not valid YAML" },
  { title: "YAML with a name twice", client: "goose", text: "a: 1\na: 2\n", says: "line 2 of F is not valid YAML" },
  { title: "several YAML documents", client: "goose", text: "a: 1\n---\nb: 1\n", says: "F is not valid YAML" },
  { title: "a YAML document that ends", client: "goose", text: "a: 1\n...\n", says: "cannot edit F" },
  { title: "a YAML list", client: "goose", text: "- a\n", says: "F is not an object" },
  {
    title: "YAML extensions from elsewhere",
    client: "goose",
    text: "x: &x\n  a: {}\nextensions: *x\n",
    says: "cannot edit F",
  },
  {
    title: "YAML extensions with an anchor below",
    client: "goose",
    text: "extensions:\n  &x\n  a: {}\n",
    says: "cannot edit F",
  },
  { title: "YAML aliases without end", client: "goose", text: bomb(), says: "F is not valid YAML" },
  {
    title: "TOML with an error in line 2",
    client: "codex",
    text: "a = 1\nb = \n",
    says: "line 2 of F is not valid TOML",
  },
  { title: "TOML with a table twice", client: "codex", text: "[a]\n[a]\n", says: "F is not valid TOML" },
  { title: "TOML servers on one line", client: "codex", text: "mcp_servers = {}\n", says: "cannot edit F" },
];

function bomb(): string {
  const levels = Array.from({ length: 12 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i}, `.repeat(9)}*a${i}]`);
  return `a0: &a0 [x]\n${levels.join("\n")}\n`;
}
