import { randomUUID } from "node:crypto";
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { join } from "node:path";
import { expect } from "vitest";
import { createKeys, createVerifier, guardNode, openStore, type KeyStore } from "../../src/index.ts";
import { listen } from "../servers/listen.ts";
import { processesWith } from "./marked.ts";
import { BIN, createProcesses, runProcess, type Ended, type ProcessOptions } from "./process.ts";

/** The arguments after `rotate ci`. Commands find the folder in `$D`, and the server in `$URL`. */
export const SCRIPTS = {
  /** A server that reads a keyset, published before the delivery, and three destinations. */
  keyset: [
    ...["--publish", 'cat >"$D/keyset.new" && mv "$D/keyset.new" "$D/keyset"', "--verify", "$URL"],
    ...["--out", "$D/app.env", "--format", "dotenv", "--merge", "--to", 'cat >"$D/to.new" && mv "$D/to.new" "$D/to"'],
    ...["--deploy", 'echo deployed >"$D/deployed"'],
  ],
  /** A server that follows the store. */
  store: [
    ...["--out", "$D/key", "--force", "--to", 'cat >"$D/to.new" && mv "$D/to.new" "$D/to"'],
    ...["--deploy", 'echo deployed >"$D/deployed"', "--verify", "$URL"],
  ],
} as const;

export type ScriptName = keyof typeof SCRIPTS;

/** When to kill: before a call, or after some milliseconds. */
export interface CrashPoint {
  readonly script: ScriptName;
  readonly at?: number;
  readonly after?: number;
  readonly what: string;
}

/** The files that hold a token. */
const HOLDERS: Record<ScriptName, readonly string[]> = { keyset: ["app.env", "to"], store: ["key", "to"] };

/** An MCP server behind the guard, in this process. */
async function startServer(store: KeyStore) {
  const verifier = await createVerifier({ store });
  const guard = guardNode(verifier);
  const server = await listen((request, response) => {
    guard(request, response, () => {
      void text(request).then((body) => {
        const { id, method } = JSON.parse(body || "{}") as { id?: unknown; method?: string };
        const result = method === "initialize" ? GREETING : method === "tools/list" ? { tools: [] } : {};
        response.writeHead(id === undefined ? 202 : 200, { "content-type": "application/json" });
        response.end(id === undefined ? "" : JSON.stringify({ jsonrpc: "2.0", id, result }));
      });
    });
  });
  return {
    url: server.url,
    accepts: (token: string) => verifier.verify(token).ok,
    close: async () => {
      await server.close();
      await verifier.close();
      await store.close();
    },
  };
}

const GREETING = {
  protocolVersion: "2025-06-18",
  capabilities: { tools: {} },
  serverInfo: { name: "crash", version: "1" },
};

/** Creates a store with the key ci, and the keyset of it, to be copied for each round. */
export async function prepareTemplate() {
  const { dir, file, mcpKeys } = createProcesses();
  const store = await openStore(`file:${file}`);
  const keys = createKeys({ store });
  const { token } = await keys.generate({ name: "ci", expiresAt: null });
  // With more keys the keyset is too long for a pipe.
  for (let i = 0; i < 50; i++) await keys.generate({ name: `key-${String(i)}`, expiresAt: null });
  await store.close();
  const { stdout } = await mcpKeys(["export", "--keyset"]);
  expect(stdout.length).toBeGreaterThan(8_192);
  writeFileSync(join(dir, "keyset"), stdout);
  return { dir, first: token.reveal() };
}

/** Creates a server, and destinations that hold the first token. */
export async function prepareCrash(
  script: ScriptName,
  { preload, template }: { preload: string; template: Awaited<ReturnType<typeof prepareTemplate>> },
) {
  const { dir, file, env } = createProcesses();
  const { first } = template;
  const mark = randomUUID();
  for (const name of ["keys.jsonl", "keys.jsonl.reserve", "keyset"]) cpSync(join(template.dir, name), join(dir, name));
  const store = await openStore(`file:${file}`);
  const keys = createKeys({ store });
  const inKeyset = join(dir, "keyset");
  const server = await startServer(await openStore(script === "keyset" ? `keyset:${inKeyset}` : `file:${file}`));
  writeFileSync(join(dir, "app.env"), `A=1\nMCP_API_KEY=${first}\n`, { mode: 0o600 });
  for (const name of ["key", "to"]) writeFileSync(join(dir, name), first, { mode: 0o600 });
  const before = readdirSync(dir).concat("deployed");

  const args = [
    "rotate",
    "ci",
    ...SCRIPTS[script].map((each) => each.replace("$URL", server.url).replace(/^\$D/, dir)),
  ];
  const run = (options: ProcessOptions = {}): Promise<Ended> =>
    runProcess(process.execPath, ["--require", preload, BIN, ...args], {
      ...options,
      // Nothing may be left in the folder for temporary files either.
      env: { ...env, D: dir, TMPDIR: dir, MARK: mark, ...options.env },
    });
  const states = async () => ((await store.get("ci"))?.versions ?? []).map(({ state }) => state);
  const tokenIn = (path: string) =>
    (existsSync(path) ? /mcp_\w+/.exec(readFileSync(path, "utf8"))?.[0] : undefined) ?? "";
  const held = () => HOLDERS[script].map((name) => tokenIn(join(dir, name)));
  const versionOf = async (token: string) => {
    const verdict = await keys.check(token);
    return verdict.ok ? verdict.version.n : verdict.reason;
  };

  async function expectAccepted(tokens: readonly string[], where: string): Promise<void> {
    for (const token of tokens) {
      expect(await versionOf(token), where).toEqual(expect.any(Number));
      await expect.poll(() => server.accepts(token), { timeout: 3_000, message: where }).toBe(true);
    }
  }

  /** Kills one run at the point, and runs the same command again. Returns what the kill left. */
  async function crash({ at, after }: CrashPoint, where: string): Promise<string> {
    const kill: ProcessOptions =
      after === undefined
        ? { env: { KILL_AT: String(at) } }
        : { onStart: (send) => void setTimeout(() => send("SIGKILL"), after) };
    const killed = await run(kill);
    // The command of a step finishes without us.
    await expect.poll(() => processesWith(mark), { timeout: 15_000, message: where }).toEqual([]);
    const outcome = `${script} ${String(killed.signal ?? killed.status)} ${(await states()).join(" ")}`;
    const reached = held();
    await expectAccepted([first, ...reached], where);

    const again = await run();
    expect({ status: again.status, where, stderr: again.stderr }).toEqual({ status: 0, where, stderr: again.stderr });
    const versions = await states();
    expect(versions.at(-1), where).toBe("current");
    expect(versions, where).not.toContain("pending");
    const now = held();
    expect(await Promise.all(now.map(versionOf)), where).toEqual(now.map(() => versions.length));
    await expectAccepted([first, ...reached, ...now], where);
    expect(readFileSync(join(dir, "app.env"), "utf8"), where).toMatch(/^A=1\nMCP_API_KEY=mcp_\w+\n$/);
    // The server, which goes on, records uses.
    const isOurs = (name: string) => before.includes(name) || /^keys\.jsonl\.used\.[0-9a-f]{16}(?:\.tmp)?$/.test(name);
    expect(
      readdirSync(dir).filter((name) => !isOurs(name)),
      where,
    ).toEqual([]);
    expect(processesWith(mark), where).toEqual([]);
    return outcome;
  }

  const close = async (): Promise<void> => {
    await server.close();
    await store.close();
    rmSync(dir, { recursive: true });
  };
  return { dir, run, crash, close };
}
