import { expect, test } from "vitest";
import { parseExposition } from "../server/metrics/exposition.ts";
import { EXAMPLES } from "./example.ts";
import { createProcesses, runProcess } from "./process.ts";
import { startServerProcess } from "./server-process.ts";

test("observability: the server counts and records the calls of its client", async () => {
  const { mcpKeys, env } = createProcesses();
  const { stdout } = await mcpKeys(["generate", "ci", "--owner", "ada"]);
  const token = stdout.trim();
  const server = await startServerProcess(`${EXAMPLES}observability/server.js`, env);
  const client = [`${EXAMPLES}observability/client.js`, server.url];
  const { status } = await runProcess(process.execPath, client, { env: { ...env, MCP_API_KEY: token } });
  expect(status).toBe(0);

  const response = await fetch(new URL("/metrics", server.url));
  expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  const text = await response.text();
  const { samples } = parseExposition(text).get("mcp_keys_verdicts_total")!;
  expect(Object.fromEntries(samples)).toMatchObject({
    'mcp_keys_verdicts_total{outcome="accepted",reason="none"}': 2,
    'mcp_keys_verdicts_total{outcome="refused",reason="missing"}': 1,
    'mcp_keys_verdicts_total{outcome="refused",reason="unknown"}': 1,
  });

  const lines = server.log().split("\n");
  const records = lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
  expect(records.map(({ verdict, key, tool }) => [verdict, key?.owner, tool])).toEqual([
    ["refused", undefined, null],
    ["refused", undefined, null],
    ["accepted", "ada", null],
    ["accepted", "ada", "whoami"],
  ]);
  expect(text + server.log()).not.toContain(token);
  expect(await server.stop()).toBe(0);
});
