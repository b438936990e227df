import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { createProcesses } from "./process.ts";
import { startServerProcess } from "./server-process.ts";

const SERVER = fileURLToPath(new URL("../../examples/express-sdk-v1/server.js", import.meta.url));

const INITIALIZE = JSON.stringify({
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "story", version: "1" } },
});

test("issues, serves, rotates with no downtime and revokes a key; the log has the reasons and no token", async () => {
  const { mcpKeys, env, file } = createProcesses();
  const output: string[] = [];
  /** Runs a command that must not print a token. */
  const run = async (line: string, stdin = "") => {
    const ended = await mcpKeys(line.split(" "), { stdin });
    output.push(ended.stdout, ended.stderr);
    return ended;
  };
  const issue = async (line: string) => {
    const { status, stdout, stderr } = await mcpKeys(line.split(" "));
    expect(status).toBe(0);
    output.push(stderr);
    return stdout.trim();
  };
  const old = await issue("generate ci");
  const server = await startServerProcess(SERVER, env);
  const ask = async (token?: string) => {
    const headers = { "content-type": "application/json", accept: "application/json, text/event-stream" };
    const authorization = token !== undefined && { authorization: `Bearer ${token}` };
    const response = await fetch(server.url, {
      method: "POST",
      headers: { ...headers, ...authorization },
      body: INITIALIZE,
    });
    await response.body?.cancel();
    return response.status;
  };
  /** Waits until the server answers with this status; two seconds at most. */
  const untilAnswers = async (token: string, status: number) => {
    const start = performance.now();
    let last = 0;
    while (performance.now() - start < 2_000) {
      last = await ask(token);
      if (last === status) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(last).toBe(status);
  };

  expect(await ask()).toBe(401);
  expect(await ask(old)).toBe(200);
  expect(await run(`verify ${server.url}`, old)).toMatchObject({ status: 0 });

  const fresh = await issue("rotate ci --overlap 1h");
  await untilAnswers(fresh, 200);
  expect(await ask(old)).toBe(200);

  // The server reports to the store that both tokens are in use, so `--finish` must refuse.
  for (const end = performance.now() + 6_000; performance.now() < end;) {
    const { key } = JSON.parse((await run("show ci --json")).stdout);
    if (key.versions.every(({ lastUsedAt }: { lastUsedAt: string | null }) => lastUsedAt !== null)) break;
  }
  const refused = await run("rotate ci --finish");
  expect(refused.status).toBe(5);
  expect(refused.stderr).toMatch(/version 1 .*in use/);
  expect(await ask(old)).toBe(200);
  expect(await run("rotate ci --finish --force")).toMatchObject({ status: 0 });
  await untilAnswers(old, 401);
  expect(await ask(fresh)).toBe(200);
  expect(await run(`verify ${server.url}`, old)).toMatchObject({ status: 4 });
  expect(await run(`verify ${server.url}`, fresh)).toMatchObject({ status: 0 });

  expect(await run("revoke ci --reason compromised --yes")).toMatchObject({ status: 0 });
  await untilAnswers(fresh, 401);
  expect(await run(`verify ${server.url}`, fresh)).toMatchObject({ status: 4 });

  expect(await server.stop()).toBe(0);
  expect(server.log()).toMatch(/refused \(missing\)/);
  expect(server.log()).toMatch(/refused \(expired\): key ci \(\w{12}\), version 1/);
  expect(server.log()).toMatch(/refused \(revoked\): key ci \(\w{12}\), version 2/);
  const all = [server.log(), readFileSync(file, "utf8"), ...output].join("\n");
  for (const token of [old, fresh]) expect(all).not.toContain(token.slice(token.indexOf("_", 5) + 1, -6));
}, 60_000);
