import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { describe, expect, onTestFinished, test } from "vitest";
import { BIN, runProcess } from "../e2e/process.ts";
import { aFolder } from "../stores/place.ts";
import { INSPECTOR, NODE } from "./programs.ts";
import { startGuarded, type Guarded } from "./server.ts";

const PACKAGES = join(import.meta.dirname, "node_modules");
const GEMINI = join(PACKAGES, "@google/gemini-cli/bundle/gemini.js");

/** A home folder of its own, and no way to any other machine. */
async function aHome() {
  const home = join(await aFolder(), "home of ada");
  await mkdir(home);
  const nowhere = "http://127.0.0.1:9";
  const env = {
    ...{ HOME: home, USERPROFILE: home, PATH: `${dirname(NODE)}:${process.env["PATH"] ?? ""}`, NO_COLOR: "1" },
    ...{ HTTP_PROXY: nowhere, HTTPS_PROXY: nowhere, NO_PROXY: "127.0.0.1,localhost", npm_config_offline: "true" },
  };
  /** Adds the server to the file of a client with `--install`, and returns the path of the file. */
  const install = async (client: string, { url }: Guarded, ...more: string[]): Promise<string> => {
    const flags = ["--for", client, "--url", url, "--server-name", "notes", "--install", ...more];
    const ran = await runProcess(process.execPath, [BIN, "export", ...flags, "--json"], { env });
    expect(ran).toMatchObject({ status: 0 });
    return (JSON.parse(ran.stdout) as { file: string }).file;
  };
  const program = (path: string, args: readonly string[], more: Record<string, string> = {}) =>
    runProcess(NODE, [path, ...args], { env: { ...env, ...more }, cwd: home });
  return { home, env, install, program };
}

/** What the user does with a placeholder. */
async function fillIn(file: string, token: string): Promise<void> {
  const text = await readFile(file, "utf8");
  expect(text).toContain("<MCP_API_KEY>");
  await writeFile(file, text.replace("<MCP_API_KEY>", token));
}

test("Gemini CLI reads the server from its own file, and connects with the key in the variable", async () => {
  const server = await startGuarded("v2");
  const { home, install, program } = await aHome();
  await mkdir(join(home, ".gemini"));
  // It reads comments, but no commas at the end.
  const before =
    '{\n  // mine\n  "general": { "enableAutoUpdate": false },\n  "privacy": { "usageStatisticsEnabled": false }\n}\n';
  await writeFile(join(home, ".gemini/settings.json"), before);
  expect(await install("gemini", server)).toBe(join(home, ".gemini/settings.json"));

  const list = (more: Record<string, string>) =>
    program(GEMINI, ["mcp", "list"], { GEMINI_CLI_TRUST_WORKSPACE: "true", ...more });
  const refused = await Promise.all([list({}), list({ MCP_API_KEY: "mcp_anotherKey" })]);
  expect(refused.map(({ stdout, stderr }) => stdout + stderr)).toEqual([
    expect.stringMatching(/✗ notes: .*Disconnected/),
    expect.stringMatching(/✗ notes: .*Disconnected/),
  ]);
  expect(server.verifier.counters.accepted).toBe(0);

  const { stdout, stderr } = await list({ MCP_API_KEY: server.token });
  expect(stdout + stderr).toMatch(/✓ notes: .*Connected/);
  expect(server.verifier.counters.accepted).toBeGreaterThan(0);
});

test("MCP Inspector reads the server from its own file, and calls a tool with the key in it", async () => {
  const server = await startGuarded("v2");
  const { home, install, program } = await aHome();
  const file = await install("inspector", server);
  expect(file).toBe(join(home, ".mcp-inspector/mcp.json"));
  const call = () =>
    program(join(PACKAGES, INSPECTOR), [
      ...["--cli", "--config", file, "--server", "notes", "--format", "json"],
      ...["--method", "tools/call", "--tool-name", "whoami"],
    ]);
  expect(await call()).toMatchObject({ status: 3, stdout: "" });
  expect(server.verifier.counters.accepted).toBe(0);

  await fillIn(file, server.token);
  const called = await call();
  expect(called).toMatchObject({ status: 0 });
  expect(called.stdout).toContain(server.keyId);
});

describe("mcp-remote, as the client starts it,", () => {
  test.each([
    ["claude-desktop", "in the file", "mcpServers"],
    ["mcp-remote", "in the file", "mcpServers"],
    ["zed", "in the variable", "context_servers"],
  ] as const)("reaches the server with the entry of %s and the key %s", async (client, where, list) => {
    const server = await startGuarded("v1");
    const { home, env, install } = await aHome();
    const file = await install(client, server, ...(client === "mcp-remote" ? [join(home, "any.json")] : []));
    const isInFile = where === "in the file";

    const whoami = async (variable: string): Promise<string> => {
      const servers = (JSON.parse(await readFile(file, "utf8")) as Record<string, Record<string, Entry>>)[list];
      const { command, args, env: own } = servers?.["notes"] ?? expect.fail("no entry");
      const stdio = new StdioClientTransport({
        ...{ command, args, cwd: import.meta.dirname, stderr: "ignore" },
        env: { ...env, ...own, ...(!isInFile && { MCP_API_KEY: variable }) },
      });
      const mcp = new Client({ name: "test", version: "1.0.0" });
      onTestFinished(() => mcp.close());
      await mcp.connect(stdio, { timeout: 30_000 });
      return JSON.stringify(await mcp.callTool({ name: "whoami", arguments: {} }));
    };
    await expect(whoami("mcp_anotherKey")).rejects.toThrow();
    expect(server.verifier.counters.accepted).toBe(0);

    if (isInFile) await fillIn(file, server.token);
    expect(await whoami(server.token)).toContain(server.keyId);
  });
});

interface Entry {
  readonly command: string;
  readonly args: string[];
  readonly env: Record<string, string>;
}
