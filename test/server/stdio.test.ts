import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { Client as ClientV2 } from "@modelcontextprotocol/client";
import { StdioClientTransport as StdioV2 } from "@modelcontextprotocol/client/stdio";
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport as StdioV1 } from "@modelcontextprotocol/sdk/client/stdio.js";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { createKeys, type Keys } from "../../src/keys/keys.ts";
import { requireApiKeyFromEnv, type StdioOptions } from "../../src/server/stdio.ts";
import { openEnvStore } from "../../src/stores/env.ts";
import { openFileStore } from "../../src/stores/file.ts";
import type { KeyStore } from "../../src/stores/store.ts";
import { openMemoryStore } from "../../src/stores/memory.ts";

const WORLD = { env: {}, uid: process.getuid?.() ?? null, dataDir: null };

describe("a key in the environment", () => {
  const start = async () => {
    const store = await openMemoryStore();
    const keys = createKeys({ store, by: "test", peppers: [] });
    const issued = await keys.generate({ name: "ci", expiresAt: null, scopes: ["read"] });
    const token = issued.token.reveal();
    const ask = (env: Record<string, string>, more: Partial<StdioOptions> = {}) =>
      requireApiKeyFromEnv({ store, env, ...more }).catch((cause: unknown) => cause);
    return { keys, token, ask };
  };

  test("lets the server start, and returns the caller but not the token", async () => {
    const { token, ask } = await start();
    const auth = await ask({ MCP_API_KEY: token }, { scopes: ["read"] });
    expect(auth).toMatchObject({ clientId: token.split("_")[1], extra: { keyName: "ci" }, scopes: ["read"] });
    expect(JSON.stringify(auth)).not.toContain(token.slice(17, 60));
    expect(await ask({ NOTES_KEY: token }, { variable: "NOTES_KEY" })).toMatchObject({ extra: { keyName: "ci" } });
  });

  test("stops the server if it is missing, unusable or refused", async () => {
    const { keys, token, ask } = await start();
    const other = await start();
    const cases: [Record<string, string>, object, Partial<StdioOptions>?][] = [
      [{}, { code: "INPUT_REQUIRED", hint: expect.stringContaining("MCP_API_KEY") }],
      [{ MCP_API_KEY: "" }, { code: "INPUT_REQUIRED" }],
      [{ MCP_API_KEY: "${MCP_API_KEY}" }, { code: "TOKEN_UNUSABLE", message: expect.stringContaining("expanded") }],
      [{ MCP_API_KEY: `Bearer ${token}` }, { code: "TOKEN_UNUSABLE" }],
      [{ MCP_API_KEY: token.slice(0, -2) }, { code: "TOKEN_UNUSABLE" }],
      [{ MCP_API_KEY: other.token }, { code: "TOKEN_REFUSED", message: expect.stringContaining("unknown") }],
      [
        { MCP_API_KEY: token },
        { code: "TOKEN_REFUSED", message: expect.stringContaining("(key ci)") },
        { scopes: ["x"] },
      ],
      [{ MCP_API_KEY: token }, { code: "USAGE" }, { scope: ["x"] } as object],
    ];
    for (const [env, error, more] of cases) {
      const thrown = await ask(env, more);
      expect(thrown).toMatchObject({ name: "KeysError", ...error });
      expect(JSON.stringify(thrown)).not.toContain(token.slice(17, 60));
    }
    await keys.revoke("ci");
    expect(await ask({ MCP_API_KEY: token })).toMatchObject({ code: "TOKEN_REFUSED" });
  });

  test("is refused if it is bound to another server, also without `audience`", async () => {
    const { keys, ask } = await start();
    const { token } = await keys.generate({ name: "bound", expiresAt: null, audience: ["https://notes.example"] });
    const env = { MCP_API_KEY: token.reveal() };
    expect(await ask(env, { audience: "https://notes.example/" })).toMatchObject({ extra: { keyName: "bound" } });
    expect(await ask(env, { audience: "https://other.example" })).toMatchObject({ code: "TOKEN_REFUSED" });
    expect(await ask(env)).toMatchObject({ code: "TOKEN_REFUSED" });
  });

  test("is not checked against itself", async () => {
    const { token } = await start();
    const env = { MCP_API_KEY: token };
    const store = await openEnvStore("", { env });
    await expect(requireApiKeyFromEnv({ store, env })).rejects.toMatchObject({ code: "USAGE" });
  });

  test.each([
    ["nothing", ""],
    ["invalid JSON", "hello\n\n[]\nnull\n7\n"],
    ["only notifications", '{"method":"initialize"}\n'],
    ["an endless line", "x".repeat(1_100_000)],
  ])("is required, and a client that sends %s gets no answer", async (_, sent) => {
    const { ask } = await start();
    const [input, output] = [new PassThrough(), new PassThrough()];
    input.end(sent);
    expect(await ask({}, { answer: { input, output } })).toMatchObject({ code: "INPUT_REQUIRED" });
    output.end();
    expect(await text(output)).toBe("");
  });

  test("is required in the response to every request up to initialize", async () => {
    const { ask } = await start();
    const [input, output] = [new PassThrough(), new PassThrough()];
    const message = (id: unknown, method: string) => `${JSON.stringify({ jsonrpc: "2.0", id, method })}\n`;
    const all = message("a", "server/discover") + message(2, "initialize") + message(3, "tools/list");
    for (const piece of [all.slice(0, 30), all.slice(30)]) input.write(piece);
    expect(await ask({}, { answer: { input, output } })).toMatchObject({ code: "INPUT_REQUIRED" });
    output.end();
    const answers = (await text(output))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(answers).toMatchObject([
      { id: "a", error: { code: -32_000, data: { code: "INPUT_REQUIRED" } } },
      { id: 2, error: { message: expect.stringContaining("set MCP_API_KEY") } },
    ]);
  });
});

describe("a server in its own process", () => {
  let folder: string;
  let keys: Keys;
  let script: string;
  let store: KeyStore;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "mcp-keys-stdio-"));
    script = join(folder, "server.mjs");
    const entryPoints = [join(import.meta.dirname, "stdio.main.ts")];
    const banner = {
      js: 'import { createRequire as requireOf } from "node:module"; const require = requireOf(import.meta.url);',
    };
    await build({ entryPoints, outfile: script, bundle: true, platform: "node", format: "esm", banner });
    store = await openFileStore(join(folder, "keys.jsonl"), WORLD);
    keys = createKeys({ store, by: "test", peppers: [] });
  });
  afterAll(async () => {
    await store.close();
    await rm(folder, { recursive: true, force: true });
  });

  const CLIENTS = {
    "sdk 1.x": async (env: Record<string, string>) => {
      const client = new ClientV1({ name: "test", version: "1" });
      await client.connect(new StdioV1({ command: process.execPath, args: [script], env, stderr: "ignore" }));
      return client;
    },
    "client 2.x, both eras": async (env: Record<string, string>) => {
      const client = new ClientV2({ name: "test", version: "1" }, { versionNegotiation: { mode: "auto" } });
      await client.connect(new StdioV2({ command: process.execPath, args: [script], env, stderr: "ignore" }));
      return client;
    },
  };
  const env = (token?: string) => ({
    MCP_KEYS_STORE: `file:${join(folder, "keys.jsonl")}`,
    ...(token !== undefined && { MCP_API_KEY: token }),
  });

  test.each(["sdk 1.x", "client 2.x, both eras"] as const)(
    "serves %s with a key, and reports why it does not without",
    async (name) => {
      const { token } = await keys.generate({ name: name.replaceAll(/\W/g, ""), expiresAt: null });
      const client = await CLIENTS[name](env(token.reveal()));
      onTestFinished(() => client.close());
      expect(await client.callTool({ name: "whoami" })).toMatchObject({ content: [{ text: expect.any(String) }] });

      await expect(CLIENTS[name](env())).rejects.toThrow("this server needs an API key in MCP_API_KEY");
      await keys.revoke(name.replaceAll(/\W/g, ""));
      await expect(CLIENTS[name](env(token.reveal()))).rejects.toThrow("is refused: revoked");
    },
  );

  test("exits with the status of its error, and prints it on stderr", async () => {
    const child = spawn(process.execPath, [script], { env: env(), stdio: ["pipe", "pipe", "pipe"] });
    child.stdin.end();
    const output = Promise.all([text(child.stdout), text(child.stderr)]);
    const [status] = await once(child, "exit");
    expect([status, ...(await output)]).toEqual([2, "", expect.stringContaining("set MCP_API_KEY")]);
  });
});
