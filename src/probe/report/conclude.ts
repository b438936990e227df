import type { Check } from "../check.ts";
import { gradeOf } from "./grade.ts";
import { STATUSES, type Finding, type FindingStatus, type Report } from "./report.ts";

/** What was found, and how far it may be believed. */
export interface Evidence {
  readonly findings: readonly Finding[];
  /** Why it proves nothing, or not all: the key was refused, a limit, no answer. `null` when all could be asked. */
  readonly inconclusive: string | null;
  /** Every check of the door was asked for. */
  readonly whole: boolean;
  /** Whether bad manners count as well. */
  readonly strict: boolean;
}

type Conclusion = Pick<Report, "ok" | "result" | "proven" | "grade" | "counts" | "findings">;

/** What findings come to, the same for a server over HTTP and over stdio. */
export function conclude({ findings, inconclusive, whole, strict }: Evidence): Conclusion {
  const proven = inconclusive === null;
  const open = findings.some(isBreach);
  const result = open ? "unprotected" : !proven ? "inconclusive" : whole ? "protected" : "partial";
  return {
    ok: proven && !findings.some((finding) => counts(finding, strict)),
    result,
    proven,
    grade: open || result === "protected" ? gradeOf(findings) : null,
    counts: countStatuses(findings),
    findings,
  };
}

/** The status a run ends with: 8 open, or with `strict` rude · 7 not proven · 0 as it should be. What is known does not count. */
export function exitOf({ ok, findings, proven }: Pick<Report, "ok" | "findings" | "proven">): 0 | 7 | 8 {
  if (ok) return 0;
  return proven || findings.some((finding) => counts(finding, false)) ? 8 : 7;
}

/** Whether this finding alone makes the run fail. */
export function counts(finding: Finding, strict: boolean): boolean {
  return finding.known !== true && (strict ? isBroken(finding) : isBreach(finding));
}

/** Somebody gets in who should not, or something leaks. */
export function isBreach(finding: Pick<Finding, "about" | "status">): boolean {
  return finding.about === "access" && isBroken(finding);
}

/** A MUST or a SHOULD that does not hold. */
export function isBroken({ status }: Pick<Finding, "status">): boolean {
  return status === "fail" || status === "warn";
}

function countStatuses(findings: readonly Finding[]): Record<FindingStatus, number> {
  const counted = Object.fromEntries(STATUSES.map((status) => [status, 0])) as Record<FindingStatus, number>;
  for (const { status } of findings) counted[status]++;
  return counted;
}

/** Why the door cannot be called shut although nothing was found open, or `null`. */
export function whyUncertain(
  checks: readonly Pick<Check, "id" | "essential">[],
  findings: readonly Finding[],
): string | null {
  const essential = checks.filter((check) => check.essential === true).map(({ id }) => id);
  const open = findings.find(({ id, status }) => essential.includes(id) && status === "untestable");
  return open === undefined ? null : `${open.id} could not be tested: ${open.observed}`;
}
