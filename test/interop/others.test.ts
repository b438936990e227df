import { expect, test } from "vitest";
import { probeAt } from "../probe/door/probing.ts";
import { TOKEN } from "../probe/verifying.ts";
import { startOther, type OtherName } from "./others.ts";
import type { Report } from "../../src/probe/report.ts";
import type { ProbeOptions } from "../../src/probe/probe.ts";

/** What there is to say about a server by others. */
interface Expected {
  readonly name: OtherName;
  readonly result: Report["result"];
  readonly options?: Partial<ProbeOptions>;
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
  { name: "mcp-proxy", result: "shut", options: { header: { name: "x-api-key", scheme: null } } },
  { name: "mcp-proxy", result: "unproven" },
  { name: "mcp-handler, optional", result: "open" },
  { name: "supergateway", result: "open" },
  { name: "supergateway, stateful", result: "open" },
  { name: "supergateway, SSE", result: "open" },
  { name: "server-everything", result: "open" },
  { name: "server-everything, SSE", result: "open" },
];

test.each(EXPECTED)("$name: $result", async ({ name, result, options }) => {
  const url = await startOther(name, TOKEN.reveal());
  const report = await probeAt(url, options);
  print(name, report);
  expect(report.result).toBe(result);
});

function print(name: string, { grade, result, sent, hint, findings }: Report): void {
  const ms = findings.reduce((sum, finding) => sum + finding.ms, 0);
  const lines = findings
    .filter(({ status }) => status !== "pass")
    .map(({ about, id, status, saw }) => `  ${status.padEnd(10)} ${about.padEnd(7)} ${id}: ${saw}`);
  const head = `${name}: ${result} ${grade ?? "-"}, ${sent.requests} requests, ${ms} ms. ${hint ?? ""}`;
  console.log([head, ...lines].join("\n"));
}
