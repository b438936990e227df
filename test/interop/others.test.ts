import { expect, test } from "vitest";
import { createProcesses } from "../e2e/process.ts";
import { startOther, type OtherName } from "./others.ts";
import { formatToken } from "../../src/core/token.ts";
import type { Report } from "../../src/probe/report.ts";

/** Both are let in, but by those that know one key alone. */
const KEY = formatToken({ prefix: "mcp", id: "7Fq2x9Lm0aBc", secret: "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg" });
const SECOND = formatToken({ prefix: "mcp", id: "9Lm0aBc7Fq2x", secret: "gfedcbaZYXWVUTSRQPONMLKJIHGFEDCBA9876543210" });

/** What there is to say about a server by others. */
interface Expected {
  readonly name: OtherName;
  readonly result: Report["result"];
  readonly args?: readonly string[];
}

const EXPECTED: readonly Expected[] = [
  { name: "sdk-v1-stateful", result: "shut" },
  { name: "sdk-v1-stateless", result: "shut" },
  { name: "sdk-v2-express", result: "shut" },
  { name: "sdk-v2-web", result: "shut" },
  { name: "hono-bearer-auth", result: "shut" },
  { name: "fastify-bearer-auth", result: "shut" },
  { name: "fastmcp", result: "shut" },
  { name: "mcp-handler", result: "shut" },
  { name: "passport-http-bearer", result: "shut" },
  { name: "mcp-proxy", result: "shut", args: ["--header", "X-API-Key"] },
  { name: "mcp-proxy", result: "unproven" },
  { name: "mcp-handler, optional", result: "open" },
  { name: "supergateway", result: "open" },
  { name: "supergateway, stateful", result: "open" },
  { name: "supergateway, SSE", result: "open" },
  { name: "server-everything", result: "open" },
  { name: "server-everything, SSE", result: "open" },
];

const STATUS_OF = { shut: 0, open: 8, unproven: 7, partial: 0 } as const satisfies Record<Report["result"], number>;

test.each(EXPECTED)("$name: $result", async ({ name, result, args = [] }) => {
  const url = await startOther(name, [KEY.reveal(), SECOND.reveal()]);
  const { mcpKeys } = createProcesses();
  const second = name === "mcp-proxy" ? [] : ["--second-key-env", "SECOND_KEY"];
  const started = performance.now();
  const { status, stdout, stderr } = await mcpKeys(
    ["test", url, "--report", "json", "--rate", "1000", ...second, ...args],
    { env: { MCP_API_KEY: KEY.reveal(), SECOND_KEY: SECOND.reveal() } },
  );
  expect({ status, stderr }).toMatchObject({ status: STATUS_OF[result] });
  const report = JSON.parse(stdout) as Report;
  print(name, report, Math.round(performance.now() - started));
  expect(report.result).toBe(result);
  expect(stdout + stderr).not.toContain(KEY.reveal().slice(-12));
});

function print(name: string, { grade, result, sent, hint, findings }: Report, ms: number): void {
  const lines = findings
    .filter(({ status }) => status !== "pass")
    .map(({ about, id, status, saw }) => `  ${status.padEnd(10)} ${about.padEnd(7)} ${id}: ${saw}`);
  const head = `${name}: ${result} ${grade ?? "-"}, ${sent.requests} requests, ${ms} ms. ${hint ?? ""}`;
  console.log([head, ...lines].join("\n"));
}
