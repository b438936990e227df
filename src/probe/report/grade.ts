import type { About } from "../check.ts";

/**
 * The grade of a server, from `A+` to `F`.
 * @example
 * ```ts
 * import type { Grade } from "mcp-keys";
 *
 * const isGood = (grade: Grade | null): boolean => grade === "A+" || grade === "A";
 * ```
 */
export type Grade = keyof typeof GRADES;

interface Tally {
  /** Access checks that failed or warned. */
  readonly access: number;
  /** Conformance checks that failed. */
  readonly fails: number;
  /** Conformance checks that warned. */
  readonly warns: number;
}

/** Grades, best first, each with its rule. The first rule that applies wins. `docs/checks.md` is generated from this table. */
export const GRADES = {
  "A+": {
    rule: "no failures and no warnings",
    applies: ({ access, fails, warns }) => access + fails + warns === 0,
  },
  A: {
    rule: "at most two conformance warnings",
    applies: ({ access, fails, warns }) => access + fails === 0 && warns <= 2,
  },
  B: { rule: "three or more conformance warnings", applies: ({ access, fails }) => access + fails === 0 },
  C: { rule: "one conformance failure", applies: ({ access, fails }) => access === 0 && fails === 1 },
  D: { rule: "two or more conformance failures", applies: ({ access }) => access === 0 },
  F: { rule: "at least one access check failed or warned", applies: () => true },
} as const satisfies Record<string, { rule: string; applies: (tally: Tally) => boolean }>;

/** Returns the grade for a run's findings. */
export function gradeOf(findings: readonly { readonly about: About; readonly status: string }[]): Grade {
  const count = (about: About, ...statuses: string[]): number =>
    findings.filter((finding) => finding.about === about && statuses.includes(finding.status)).length;
  const tally = {
    access: count("access", "fail", "warn"),
    fails: count("conformance", "fail"),
    warns: count("conformance", "warn"),
  };
  const grades = Object.keys(GRADES) as Grade[];
  return grades.find((grade) => GRADES[grade].applies(tally)) ?? "F";
}
