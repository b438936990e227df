import { expect, test } from "vitest";
import { createProcesses } from "../e2e/process.ts";
import { startOther, type OtherName } from "./others.ts";
import { formatToken } from "../../src/core/token.ts";
import type { Finding, Report } from "../../src/probe/report/report.ts";

/** The servers know both, but those that know one key alone. */
const KEY = formatToken({ prefix: "mcp", id: "7Fq2x9Lm0aBc", secret: "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg" });
const SECOND = formatToken({
  prefix: "mcp",
  id: "9Lm0aBc7Fq2x",
  secret: "gfedcbaZYXWVUTSRQPONMLKJIHGFEDCBA9876543210",
});

/** Check → what these servers do, seen by hand with requests of our own at each of them that is said to. */
const REMARKS = {
  "accepts-valid-key": "401 to the key in `Authorization`, 200 to it in `X-API-Key`",
  "requires-key": "`tools/list` without a key is answered with tools",
  "rejects-bogus-key": "so it is with a key that nobody issued",
  "requires-key-for-tool-call": "so is `tools/call`",
  "accepts-scheme-in-any-case": "401 to `bearer` and `BEARER`",
  "rejects-key-in-query": "200 to `?access_token=`",
  "rejects-two-keys": "200 to the key before another, 401 to them the other way round: Node drops the second",
  "sends-challenge": "401 without `WWW-Authenticate`",
  "omits-error-without-key": '`error="invalid_token"` to who sent none',
  "rejects-before-parsing": "400 to `{` without a key",
  "rejects-before-reading": "no answer to the head and the first byte of a large body without a key",
  "session-bound-to-key": "200 to the id of a session of the other key",
  "session-ends": "400 to its id after DELETE got 200",
  "rejects-foreign-origin": "200 to `Origin: https://evil.example`",
  "rejects-foreign-host": "200 to `Host: evil.example`",
  "hides-stack-trace": "400 to `{` with the trace of the parser, in HTML",
} as const;
type Remark = keyof typeof REMARKS;

interface Expected {
  readonly name: OtherName;
  /** `null` where nothing can be proven. */
  readonly grade: Report["grade"];
  readonly remarks: readonly Remark[];
  readonly args?: readonly string[];
  /** A tool that takes no arguments; `add` by default. */
  readonly tool?: string;
}

const BROWSER = ["rejects-foreign-origin", "rejects-foreign-host"] as const;
/** What `express.json()` does in front of a guard, outside of production. */
const PARSED_FIRST = ["rejects-before-parsing", "rejects-before-reading", "hides-stack-trace"] as const;

const SHUT: readonly Expected[] = [
  {
    ...{ name: "sdk-v1-stateful", grade: "D" },
    remarks: [
      ...(["rejects-two-keys", "omits-error-without-key", "session-bound-to-key", "session-ends"] as const),
      ...[...PARSED_FIRST, "rejects-foreign-origin" as const],
    ],
  },
  {
    ...{ name: "sdk-v1-stateless", grade: "C" },
    remarks: ["rejects-two-keys", "omits-error-without-key", ...PARSED_FIRST, ...BROWSER],
  },
  { name: "sdk-v2-express", grade: "B", remarks: ["rejects-two-keys", "omits-error-without-key", ...PARSED_FIRST] },
  { name: "sdk-v2-web", grade: "C", remarks: ["rejects-two-keys", "omits-error-without-key", ...BROWSER] },
  { name: "hono-bearer-auth", grade: "C", remarks: [...BROWSER] },
  {
    ...{ name: "fastify-bearer-auth", grade: "D" },
    remarks: ["accepts-scheme-in-any-case", "rejects-two-keys", "sends-challenge", ...BROWSER],
  },
  {
    ...{ name: "fastmcp", grade: "D" },
    remarks: [
      ...(["accepts-scheme-in-any-case", "rejects-two-keys", "sends-challenge", "rejects-before-reading"] as const),
      ...["session-bound-to-key" as const, ...BROWSER],
    ],
  },
  { name: "mcp-handler", grade: "C", remarks: ["omits-error-without-key", ...BROWSER] },
  {
    ...{ name: "passport-http-bearer", grade: "D" },
    remarks: ["rejects-key-in-query", "rejects-two-keys", ...PARSED_FIRST, ...BROWSER],
  },
  { name: "mcp-proxy", grade: "C", args: ["--header", "X-API-Key"], remarks: [...BROWSER] },
];

/** Why a check may have nothing to ask of a server that is shut. */
const NOTHING_TO_ASK = [
  ...[
    /^needs a store /,
    /over TLS$/,
    /^the server opens no sessions$/,
    /^the server opens no stream outside a session$/,
  ],
  ...[
    /^the server takes no lists of messages$/,
    /^nothing but the request that matters can be asked outside a session$/,
  ],
  ...[/^the key does not travel as Authorization: Bearer here$/, /^the 401 to (?:no|a bogus) key has no challenge$/],
  ...[/^needs a second key/, /^the server does not speak HTTP\+SSE$/],
];

test.each(SHUT)("$name is shut, and what is said about its manners is true", async (expected) => {
  const { status, report } = await probe(expected);
  expect(remarksOf(report)).toEqual([...expected.remarks].sort());
  expect(report.findings.filter(isBreach)).toEqual([]);
  expect({ status, report }).toMatchObject({ status: 0, report: { result: "protected", grade: expected.grade } });
  const unasked = report.findings.filter(({ status }) => status === "untestable").map(({ observed }) => observed);
  expect(unasked.filter((observed) => !NOTHING_TO_ASK.some((reason) => reason.test(observed)))).toEqual([]);
});

const ANYBODY = ["requires-key", "requires-key-for-tool-call", "rejects-bogus-key"] as const;

const OPEN: readonly Expected[] = [
  { name: "mcp-handler, optional", grade: "F", remarks: [...ANYBODY, ...BROWSER] },
  { name: "supergateway", grade: "F", remarks: [...ANYBODY, ...BROWSER, "hides-stack-trace"] },
  {
    ...{ name: "supergateway, stateful", grade: "F" },
    remarks: [...ANYBODY, ...BROWSER, "hides-stack-trace", "session-bound-to-key"],
  },
  { name: "supergateway, SSE", grade: "F", remarks: [...ANYBODY, ...BROWSER] },
  {
    ...{ name: "server-everything", grade: "F", tool: "get-tiny-image" },
    remarks: [...ANYBODY, ...BROWSER, "session-bound-to-key", "session-ends"],
  },
  { name: "server-everything, SSE", grade: "F", tool: "get-tiny-image", remarks: [...ANYBODY, ...BROWSER] },
];

test.each(OPEN)("$name is open to anybody", async (expected) => {
  const { status, report } = await probe(expected);
  expect(remarksOf(report)).toEqual([...expected.remarks].sort());
  expect(report.findings.filter(isBreach).map(({ id }) => id)).toEqual(ANYBODY);
  expect({ status, report }).toMatchObject({ status: 8, report: { result: "unprotected", grade: "F" } });
});

test("mcp-proxy takes the key in a header of its own: nothing is proven, and the report says which", async () => {
  const { status, report } = await probe({ name: "mcp-proxy", grade: null, remarks: [] });
  expect({ status, report }).toMatchObject({
    ...{ status: 7, report: { ok: false, result: "inconclusive", grade: null } },
    report: { hint: expect.stringContaining("--header X-API-Key") },
  });
  const [said, ...others] = report.findings.filter(({ status }) => status !== "pass" && status !== "untestable");
  expect(said).toMatchObject({
    id: "accepts-valid-key",
    observed: expect.stringContaining("Invalid or missing API key"),
  });
  expect(others).toEqual([]);
});

test("where the rate is limited, nothing is called open or shut", async () => {
  const { status, report } = await probe({ name: "express-rate-limit", grade: null, remarks: [] });
  expect({ status, report }).toMatchObject({
    ...{ status: 7, report: { ok: false, result: "inconclusive", grade: null } },
    report: { hint: expect.stringContaining("limits the rate (429)") },
  });
  expect(report.findings.filter(isBreach)).toEqual([]);
  const known: string[] = ["rejects-two-keys", "omits-error-without-key", ...PARSED_FIRST, ...BROWSER];
  expect(remarksOf(report).filter((id) => !known.includes(id))).toEqual([]);
});

/** Through the command, as it is published, and fast: nearly none of them limits the rate. */
async function probe({ name, args = [], tool = "add" }: Expected): Promise<{ status: number | null; report: Report }> {
  const url = await startOther(name, [KEY.reveal(), SECOND.reveal()]);
  const second = name === "mcp-proxy" ? [] : ["--second-key-env", "SECOND_KEY"];
  const { status, stdout, stderr } = await createProcesses().mcpKeys(
    ["test", url, "--report", "json", "--rate", "1000", "--call", tool, ...second, ...args],
    { env: { MCP_API_KEY: KEY.reveal(), SECOND_KEY: SECOND.reveal() } },
  );
  for (const key of [KEY, SECOND]) expect(stdout + stderr).not.toContain(key.reveal().slice(-12));
  if (!stdout.startsWith("{")) throw new Error(`no report: ${stderr}`);
  const report = JSON.parse(stdout) as Report;
  print(name, report);
  return { status, report };
}

function remarksOf({ findings }: Report): string[] {
  const said = findings.filter(({ status }) => status !== "pass" && status !== "untestable");
  return said.map(({ id }) => id).sort();
}

function isBreach({ about, status }: Finding): boolean {
  return about === "access" && status !== "pass" && status !== "untestable";
}

function print(name: string, report: Report): void {
  const { grade, result, sent, findings } = report;
  const ms = findings.reduce((sum, finding) => sum + finding.ms, 0);
  const said = findings.filter(({ id }) => remarksOf(report).includes(id));
  const lines = said.map(({ status, id, observed }) => {
    const byHand = (REMARKS as Readonly<Record<string, string>>)[id] ?? "not seen";
    return `  ${status.padEnd(4)} ${id}: ${observed}\n       by hand: ${byHand}`;
  });
  console.log([`${name}: ${result}, ${grade ?? "no grade"}, ${sent.requests} requests, ${ms} ms`, ...lines].join("\n"));
}
