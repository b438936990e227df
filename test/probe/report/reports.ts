import type { Finding, Report } from "../../../src/probe/report/report.ts";

/** Text of a hostile server, on one line as `redact` leaves it. */
export const HOSTILE = `<img src=x onerror="alert(1)"> & ]]> | \`code\` [a](http://evil) **b** @everyone www.evil.example '"\u{1f600}`;

/** A finding of a check that passed, with the given members changed. */
export function finding(more: Partial<Finding> = {}): Finding {
  return {
    ...{ id: "requires-key", group: "rejection", about: "access", level: "must", status: "pass" },
    ...{ expected: "rejects requests without a key", observed: "401 to no key", fix: "put the guard in front" },
    references: ["MCP07:2025", "CWE-287", "CVE-2026-82456"],
    ...{ source: "https://rules.example/a#b?c=d&e=(f)", ms: 1500 },
    ...more,
  };
}

/** One finding of each kind. */
export const FINDINGS: readonly Finding[] = [
  finding({ id: "hole", status: "fail", observed: `accepted with ${HOSTILE}` }),
  finding({
    id: "fault",
    about: "conformance",
    group: "responses",
    status: "fail",
    observed: "403",
    expected: `a & b < c`,
  }),
  finding({
    id: "warning",
    about: "conformance",
    group: "responses",
    level: "should",
    status: "warn",
    observed: "no challenge",
  }),
  finding({ id: "known-hole", status: "fail", observed: "accepted as before", known: true }),
  finding({
    id: "note",
    about: "conformance",
    group: "browser",
    level: "may",
    status: "info",
    observed: "any Host",
  }),
  finding({ id: "no-tls", about: "conformance", group: "transport", status: "untestable", observed: HOSTILE }),
  finding(),
];

export const REPORT: Report = {
  url: "https://mcp.example.com:8443/a/mcp?x=1&y=<2>",
  ...{ ok: false, result: "unprotected", proven: true, grade: "F" },
  server: { name: HOSTILE, version: "1" },
  eras: [{ era: "modern", protocolVersion: "2026-07-28" }],
  sent: { requests: 90, wrong: 60 },
  counts: { pass: 1, fail: 3, warn: 1, info: 1, untestable: 1 },
  findings: FINDINGS,
  hint: `why ${HOSTILE}`,
};
