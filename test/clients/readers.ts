import { parse as parseToml } from "smol-toml";
import { parse as parseYaml } from "yaml";
import { z } from "zod";
import type { ClientName } from "../../src/clients/names.ts";

/** What a client sends to a server. */
export interface Sent {
  readonly url: string;
  readonly authorization: string;
}

/**
 * Reads a configuration as one client does: refuses members that its documentation does not name, fills in variables in its own syntax,
 * and returns what it would send for the server `notes`.
 * @param key - the value of `MCP_API_KEY`, or what the user types where the client asks
 */
export type ConfigReader = (text: string, key: string) => Sent;

const NAME = "MCP_API_KEY";
const url = z.url();
const bearer = z.strictObject({ Authorization: z.string() });
const remote = <T extends z.ZodRawShape>(more: T) => z.strictObject({ url, headers: bearer, ...more });
const json = (text: string): unknown => JSON.parse(text);

/** Reads `{[list]: {notes: …}}`, and replaces what `pattern` finds with the key. */
function reader<T extends { url: string; headers: z.infer<typeof bearer> }>(
  list: string,
  entry: z.ZodType<T>,
  pattern: string,
): ConfigReader {
  return (text, key) => {
    const found = z.strictObject({ [list]: z.strictObject({ notes: entry }) }).parse(json(text));
    const { notes } = found[list] as { notes: T };
    return { url: notes.url, authorization: fill(notes.headers.Authorization, pattern, key) };
  };
}

function fill(text: string, pattern: string, key: string): string {
  if (!text.includes(pattern)) throw new Error(`${text} has no ${pattern}`);
  return text.replace(pattern, key);
}

const stdioEntry = z.strictObject({
  command: z.literal("npx"),
  args: z.tuple([z.literal("-y"), z.literal("mcp-remote"), url, z.literal("--header"), z.string()]),
  env: z.record(z.string(), z.string()),
});

/** As mcp-remote does: the name of the header ends at the first colon, variables come from its environment. */
function bridge(entry: unknown, inherited: Record<string, string>): Sent {
  const { args, env } = stdioEntry.parse(entry);
  const [, name, value = ""] = /^([A-Za-z0-9_-]+):\s*(.*)$/.exec(args[4]) ?? [];
  if (name !== "Authorization") throw new Error("no Authorization");
  const all: Record<string, string> = { ...inherited, ...env };
  return { url: args[2], authorization: value.replace(/\$\{(\w+)\}/g, (_, variable: string) => all[variable] ?? "") };
}

/** A client that passes on nothing; the user has put the key in the file. */
const bridgeReader: ConfigReader = (text, key) => {
  const typed = fill(text, `<${NAME}>`, key);
  const { mcpServers } = z.strictObject({ mcpServers: z.strictObject({ notes: z.unknown() }) }).parse(json(typed));
  return bridge(mcpServers.notes, {});
};

export const readers: Readonly<Record<ClientName, ConfigReader>> = {
  "claude-code": reader("mcpServers", remote({ type: z.literal("http") }), `\${${NAME}}`),
  "claude-desktop": bridgeReader,
  vscode: (text, key) => {
    const input = z.strictObject({
      type: z.literal("promptString"),
      id: z.string(),
      description: z.string(),
      password: z.literal(true),
    });
    const servers = z.strictObject({ notes: remote({ type: z.literal("http") }) });
    const { inputs, servers: found } = z.strictObject({ inputs: z.tuple([input]), servers }).parse(json(text));
    const { url: to, headers } = found.notes;
    return { url: to, authorization: fill(headers.Authorization, `\${input:${inputs[0].id}}`, key) };
  },
  cursor: reader("mcpServers", remote({}), `\${env:${NAME}}`),
  windsurf: (text, key) => {
    const notes = z.strictObject({ serverUrl: url, headers: bearer });
    const { mcpServers } = z.strictObject({ mcpServers: z.strictObject({ notes }) }).parse(json(text));
    const { serverUrl, headers } = mcpServers.notes;
    return { url: serverUrl, authorization: fill(headers.Authorization, `\${env:${NAME}}`, key) };
  },
  zed: (text, key) => {
    const shape = z.strictObject({ context_servers: z.strictObject({ notes: z.unknown() }) });
    return bridge(shape.parse(json(text)).context_servers.notes, { [NAME]: key });
  },
  codex: (text, key) => {
    const notes = z.strictObject({ url, bearer_token_env_var: z.literal(NAME) });
    const shape = z.strictObject({ mcp_servers: z.strictObject({ notes }) });
    return { url: shape.parse(parseToml(text)).mcp_servers.notes.url, authorization: `Bearer ${key}` };
  },
  gemini: (text, key) => {
    const notes = z.strictObject({ httpUrl: url, headers: bearer });
    const { mcpServers } = z.strictObject({ mcpServers: z.strictObject({ notes }) }).parse(json(text));
    const { httpUrl, headers } = mcpServers.notes;
    return { url: httpUrl, authorization: fill(headers.Authorization, `\${${NAME}}`, key) };
  },
  cline: reader("mcpServers", remote({ type: z.literal("streamableHttp") }), `\${env:${NAME}}`),
  roo: reader("mcpServers", remote({ type: z.literal("streamable-http") }), `\${env:${NAME}}`),
  continue: (text, key) => {
    const item = z.strictObject({
      ...{ name: z.literal("notes"), type: z.literal("streamable-http") },
      ...{ url, apiKey: z.literal(`\${{ secrets.${NAME} }}`) },
    });
    const shape = z.strictObject({
      ...{ name: z.string(), version: z.string(), schema: z.literal("v1") },
      mcpServers: z.tuple([item]),
    });
    return { url: shape.parse(parseYaml(text)).mcpServers[0].url, authorization: `Bearer ${key}` };
  },
  opencode: reader(
    "mcp",
    remote({ type: z.literal("remote"), enabled: z.literal(true), oauth: z.literal(false) }),
    `{env:${NAME}}`,
  ),
  goose: (text, key) => {
    const notes = z.strictObject({
      ...{ enabled: z.literal(true), type: z.literal("streamable_http"), name: z.literal("notes") },
      ...{ description: z.string(), uri: url, headers: bearer, timeout: z.number() },
      env_keys: z.tuple([z.literal(NAME)]),
    });
    const found = z.strictObject({ extensions: z.strictObject({ notes }) }).parse(parseYaml(text)).extensions.notes;
    return { url: found.uri, authorization: fill(found.headers.Authorization, `\${${NAME}}`, key) };
  },
  "lm-studio": reader("mcpServers", remote({}), `<${NAME}>`),
  "copilot-cli": reader(
    "mcpServers",
    remote({ type: z.literal("http"), tools: z.tuple([z.literal("*")]) }),
    `\${${NAME}}`,
  ),
  jetbrains: (text, key) => {
    const notes = z.strictObject({ url, requestInit: z.strictObject({ headers: bearer }) });
    const found = z.strictObject({ servers: z.strictObject({ notes }) }).parse(json(text)).servers.notes;
    return { url: found.url, authorization: fill(found.requestInit.headers.Authorization, `<${NAME}>`, key) };
  },
  inspector: reader("mcpServers", remote({ type: z.literal("http") }), `<${NAME}>`),
  "mcp-remote": bridgeReader,
  "server-json": (text, key) => {
    const input = { description: z.string(), isRequired: z.literal(true), isSecret: z.literal(true) };
    const header = z.strictObject({
      ...{ name: z.literal("Authorization"), value: z.string(), ...input },
      variables: z.strictObject({ api_key: z.strictObject(input) }),
    });
    const item = z.strictObject({ type: z.literal("streamable-http"), url, headers: z.tuple([header]) });
    const [found] = z.strictObject({ remotes: z.tuple([item]) }).parse(json(text)).remotes;
    return { url: found.url, authorization: fill(found.headers[0].value, "{api_key}", key) };
  },
  agentgateway: (text, key) => {
    const target = z.strictObject({
      name: z.literal("notes"),
      mcp: z.strictObject({ host: url }),
      policies: z.strictObject({ backendAuth: z.strictObject({ key: z.string() }) }),
    });
    const expanded = fill(text, `\${${NAME}}`, key);
    const mcp = z.strictObject({ port: z.number(), targets: z.tuple([target]) });
    const [found] = z.strictObject({ mcp }).parse(parseYaml(expanded)).mcp.targets;
    return { url: found.mcp.host, authorization: `Bearer ${found.policies.backendAuth.key}` };
  },
};
