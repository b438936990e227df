import { expect, test } from "vitest";
import { createProcesses } from "../e2e/process.ts";
import { startOther, type OtherName } from "./others.ts";
import { formatToken } from "../../src/core/token.ts";
import type { Finding, Report } from "../../src/probe/report/report.ts";

/** Most servers accept both keys; some can have only one. */
const KEY = formatToken({ prefix: "mcp", id: "7Fq2x9Lm0aBc", secret: "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg" });
const SECOND = formatToken({
  prefix: "mcp",
  id: "9Lm0aBc7Fq2x",
  secret: "gfedcbaZYXWVUTSRQPONMLKJIHGFEDCBA9876543210",
});

/** What the servers do, by check. Confirmed by hand with our own requests to each of them. */
const REMARKS = {
  "accepts-valid-key": "401 to the key in `Authorization`, 200 to it in `X-API-Key`",
  "requires-key": "`tools/list` without a key is answered with tools",
  "rejects-bogus-key": "so it is with a key that was never issued",
  "requires-key-for-tool-call": "so is `tools/call`",
  "accepts-scheme-in-any-case": "401 to `bearer` and `BEARER`",
  "rejects-key-in-query": "200 to `?access_token=`",
  "rejects-two-keys": "200 to the key before another, 401 to them the other way round: Node drops the second",
  "sends-challenge": "401 without `WWW-Authenticate`",
  "omits-error-without-key": '`error="invalid_token"` without a key',
  "rejects-before-parsing": "400 to `{` without a key",
  "rejects-before-reading": "no answer to the head and the first byte of a large body without a key",
  "session-bound-to-key": "200 to the session id of the other key",
  "session-ends": "400 to its id after DELETE got 200",
  "rejects-foreign-origin":
    "200 to `Origin: https://evil.example`, or on `sdk-v2-express` to another port of its own host",
  "rejects-foreign-host": "200 to `Host: evil.example`",
  "hides-stack-trace": "400 to `{` with the trace of the parser, in HTML",
} as const;
type Remark = keyof typeof REMARKS;

interface Expected {
  readonly name: OtherName;
  /** `null` if the result is inconclusive. */
  readonly grade: Report["grade"];
  readonly remarks: readonly Remark[];
  readonly args?: readonly string[];
  /** A tool that takes no arguments; `add` by default. */
  readonly tool?: string;
}

const BROWSER = ["rejects-foreign-origin", "rejects-foreign-host"] as const;
/** The effect of `express.json()` in front of a guard, outside production. */
const PARSED_FIRST = ["rejects-before-parsing", "rejects-before-reading", "hides-stack-trace"] as const;

const PROTECTED: readonly Expected[] = [
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
  {
    ...{ name: "sdk-v2-express", grade: "B" },
    remarks: ["rejects-two-keys", "omits-error-without-key", ...PARSED_FIRST, "rejects-foreign-origin"],
  },
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

/** Accepted reasons for an untestable check at a protected server. */
const UNTESTABLE = [
  ...[
    /^needs a store /,
    /^the URL is not https:\/\/$/,
    /^the server has no sessions$/,
    /^the server opens no stream outside a session$/,
  ],
  ...[/^the server accepts no batches$/, /^no other message can be sent outside a session$/],
  ...[
    /^the key is not sent (?:as Authorization: Bearer|in Authorization after a scheme)$/,
    /^the 401 for (?:no|a bogus) key has no WWW-Authenticate header$/,
  ],
  ...[/^your key is no JWT$/, /^the tool (?:makes no difference between|is in tools\/list of) (?:the two|both) keys; /],
  ...[/^needs a second key/, /^the server does not speak HTTP\+SSE$/],
];

test.each(PROTECTED)("$name is protected, with the expected conformance findings", async (expected) => {
  const { status, report } = await probe(expected);
  expect(remarksOf(report)).toEqual([...expected.remarks].sort());
  expect(report.findings.filter(isBreach)).toEqual([]);
  expect({ status, report }).toMatchObject({ status: 0, report: { result: "protected", grade: expected.grade } });
  const reasons = report.findings.filter(({ status }) => status === "untestable").map(({ observed }) => observed);
  expect(reasons.filter((observed) => !UNTESTABLE.some((reason) => reason.test(observed)))).toEqual([]);
});

const WITHOUT_KEY = ["requires-key", "requires-key-for-tool-call", "rejects-bogus-key"] as const;

const UNPROTECTED: readonly Expected[] = [
  { name: "mcp-handler, optional", grade: "F", remarks: [...WITHOUT_KEY, ...BROWSER] },
  { name: "supergateway", grade: "F", remarks: [...WITHOUT_KEY, ...BROWSER, "hides-stack-trace"] },
  {
    ...{ name: "supergateway, stateful", grade: "F" },
    remarks: [...WITHOUT_KEY, ...BROWSER, "hides-stack-trace", "session-bound-to-key"],
  },
  { name: "supergateway, SSE", grade: "F", remarks: [...WITHOUT_KEY, ...BROWSER] },
  {
    ...{ name: "server-everything", grade: "F", tool: "get-tiny-image" },
    remarks: [...WITHOUT_KEY, ...BROWSER, "session-bound-to-key", "session-ends"],
  },
  { name: "server-everything, SSE", grade: "F", tool: "get-tiny-image", remarks: [...WITHOUT_KEY, ...BROWSER] },
];

test.each(UNPROTECTED)("$name accepts requests without a key", async (expected) => {
  const { status, report } = await probe(expected);
  expect(remarksOf(report)).toEqual([...expected.remarks].sort());
  expect(report.findings.filter(isBreach).map(({ id }) => id)).toEqual(WITHOUT_KEY);
  expect({ status, report }).toMatchObject({ status: 8, report: { result: "unprotected", grade: "F" } });
});

test("mcp-proxy reads the key from its own header, and the hint names it", async () => {
  const { status, report } = await probe({ name: "mcp-proxy", grade: null, remarks: [] });
  expect({ status, report }).toMatchObject({
    ...{ status: 7, report: { ok: false, result: "inconclusive", grade: null } },
    report: { hint: expect.stringContaining("--header X-API-Key") },
  });
  const [first, ...others] = report.findings.filter(({ status }) => status !== "pass" && status !== "untestable");
  expect(first).toMatchObject({
    id: "accepts-valid-key",
    observed: "the server accepts your key in X-API-Key; add: --header X-API-Key",
  });
  expect(others).toEqual([]);
});

test("a server with a rate limit is tested whole, at its own pace", async () => {
  const { status, report } = await probe({ name: "express-rate-limit", grade: null, remarks: [] });
  expect({ status, report }).toMatchObject({ status: 0, report: { ok: true, result: "protected", grade: "C" } });
  expect(remarksOf(report)).toEqual(
    ["rejects-two-keys", "omits-error-without-key", ...PARSED_FIRST, ...BROWSER].sort(),
  );
});

/** Runs the built CLI with a high rate, because most of these servers have no limit. */
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

/** Leaves out the note that a server never slows wrong keys down: only one of these servers has a limit. */
function remarksOf({ findings }: Report): string[] {
  const found = findings.filter(
    ({ id, status }) => id !== "limits-wrong-keys" && status !== "pass" && status !== "untestable",
  );
  return found.map(({ id }) => id).sort();
}

function isBreach({ about, status }: Finding): boolean {
  return about === "access" && status !== "pass" && status !== "untestable";
}

function print(name: string, report: Report): void {
  const { grade, result, sent, findings } = report;
  const ms = findings.reduce((sum, finding) => sum + finding.ms, 0);
  const found = findings.filter(({ id }) => remarksOf(report).includes(id));
  const lines = found.map(({ status, id, observed }) => {
    const byHand = (REMARKS as Readonly<Record<string, string>>)[id] ?? "not confirmed";
    return `  ${status.padEnd(4)} ${id}: ${observed}\n       by hand: ${byHand}`;
  });
  console.log([`${name}: ${result}, ${grade ?? "no grade"}, ${sent.requests} requests, ${ms} ms`, ...lines].join("\n"));
}
