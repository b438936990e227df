import type { Check } from "../check.ts";
import type { Greeting } from "../mcp/conversation.ts";
import type { Redact } from "../../core/redact.ts";
import { gradeOf } from "./grade.ts";
import { STATUSES, type Finding, type FindingStatus, type Report } from "./report.ts";

/** The findings of a run, and whether they prove anything. */
export interface RunOutcome {
  readonly findings: readonly Finding[];
  /** Why the findings prove nothing, for example because the key was refused. `null` if they do. */
  readonly inconclusive: string | null;
  /** Whether every access check was selected. */
  readonly whole: boolean;
  /** Whether conformance counts too. */
  readonly strict: boolean;
}

type Conclusion = Pick<Report, "ok" | "result" | "proven" | "grade" | "counts" | "findings">;

/** Derives the result and the grade from the findings, for servers over HTTP and over stdio. */
export function conclude({ findings, inconclusive, whole, strict }: RunOutcome): Conclusion {
  const proven = inconclusive === null;
  const unprotected = findings.some(isBreach);
  const result = unprotected ? "unprotected" : !proven ? "inconclusive" : whole ? "protected" : "partial";
  return {
    ok: proven && !findings.some((finding) => counts(finding, strict)),
    result,
    proven,
    grade: unprotected || result === "protected" ? gradeOf(findings) : null,
    counts: countStatuses(findings),
    findings,
  };
}

/** Returns the exit status of a run: 0 if it is ok, 8 for findings that count, 7 if it proves nothing. */
export function exitOf({ ok, findings, proven }: Pick<Report, "ok" | "findings" | "proven">): 0 | 7 | 8 {
  if (ok) return 0;
  return proven || findings.some((finding) => counts(finding, false)) ? 8 : 7;
}

/** Tells whether this finding alone makes the run fail. */
export function counts(finding: Finding, strict: boolean): boolean {
  return finding.known !== true && (strict ? isBroken(finding) : isBreach(finding));
}

/** Tells whether the server accepts a request that it should reject, or leaks a key. */
export function isBreach(finding: Pick<Finding, "about" | "status">): boolean {
  return finding.about === "access" && isBroken(finding);
}

/** Tells whether a MUST or a SHOULD is broken. */
export function isBroken({ status }: Pick<Finding, "status">): boolean {
  return status === "fail" || status === "warn";
}

function countStatuses(findings: readonly Finding[]): Record<FindingStatus, number> {
  const counted = Object.fromEntries(STATUSES.map((status) => [status, 0])) as Record<FindingStatus, number>;
  for (const { status } of findings) counted[status]++;
  return counted;
}

/** Returns why an essential check could not be tested, or `null`. Without its answer a server cannot be called protected. */
export function whyUncertain(
  checks: readonly Pick<Check, "id" | "essential">[],
  findings: readonly Finding[],
): string | null {
  const essential = checks.filter((check) => check.essential === true).map(({ id }) => id);
  const missing = findings.find(({ id, status }) => essential.includes(id) && status === "untestable");
  return missing === undefined ? null : `${missing.id} could not be tested: ${missing.observed}`;
}

/** Returns the server's name and version, and the protocol versions it speaks to a valid key. */
export function introduce(greetings: readonly Greeting[], redact: Redact): Pick<Report, "server" | "eras"> {
  const [{ name, version = "" } = {}] = greetings;
  return {
    ...(name === undefined ? {} : { server: { name: redact(name, 100), version: redact(version, 100) } }),
    eras: greetings.map(({ era, protocolVersion }) => ({ era, protocolVersion: redact(protocolVersion, 32) })),
  };
}
