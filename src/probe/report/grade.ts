import type { Finding } from "./report.ts";

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
  /** Checks of the door that failed or warned. */
  readonly access: number;
  /** Checks of conformance that failed. */
  readonly fails: number;
  /** Checks of conformance that warned. */
  readonly warns: number;
}

/** Grade → the rule for it, best first; the first that applies is given. `docs/checks.md` is made from this table. */
export const GRADES = {
  "A+": {
    rule: "nothing failed and nothing warned",
    applies: ({ access, fails, warns }) => access + fails + warns === 0,
  },
  A: {
    rule: "at most two warnings about conformance",
    applies: ({ access, fails, warns }) => access + fails === 0 && warns <= 2,
  },
  B: { rule: "more warnings about conformance", applies: ({ access, fails }) => access + fails === 0 },
  C: { rule: "one failure of conformance", applies: ({ access, fails }) => access === 0 && fails === 1 },
  D: { rule: "more failures of conformance", applies: ({ access }) => access === 0 },
  F: { rule: "an access check failed or warned", applies: () => true },
} as const satisfies Record<string, { rule: string; applies: (tally: Tally) => boolean }>;

/** The grade for what was found. */
export function gradeOf(findings: readonly Pick<Finding, "about" | "status">[]): Grade {
  const count = (about: string, ...statuses: string[]): number =>
    findings.filter((one) => one.about === about && statuses.includes(one.status)).length;
  const tally = {
    access: count("access", "fail", "warn"),
    fails: count("conformance", "fail"),
    warns: count("conformance", "warn"),
  };
  const grades = Object.keys(GRADES) as Grade[];
  return grades.find((grade) => GRADES[grade].applies(tally)) ?? "F";
}
