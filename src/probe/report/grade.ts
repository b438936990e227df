import type { Finding } from "./report.ts";

export type Grade = keyof typeof GRADES;

interface Tally {
  /** Checks of the door that failed or warned. */
  readonly door: number;
  /** Checks of manners that failed. */
  readonly fails: number;
  /** Checks of manners that warned. */
  readonly warns: number;
}

/** Grade → the rule for it, best first; the first that applies is given. `docs/checks.md` is made from this table. */
export const GRADES = {
  "A+": { rule: "nothing failed and nothing warned", applies: ({ door, fails, warns }) => door + fails + warns === 0 },
  A: {
    rule: "at most two warnings about manners",
    applies: ({ door, fails, warns }) => door + fails === 0 && warns <= 2,
  },
  B: { rule: "more warnings about manners", applies: ({ door, fails }) => door + fails === 0 },
  C: { rule: "one failure of manners", applies: ({ door, fails }) => door === 0 && fails === 1 },
  D: { rule: "more failures of manners", applies: ({ door }) => door === 0 },
  F: { rule: "the door is not shut: a check of the door failed or warned", applies: () => true },
} as const satisfies Record<string, { rule: string; applies: (tally: Tally) => boolean }>;

/** The grade for what was found. */
export function gradeOf(findings: readonly Pick<Finding, "about" | "status">[]): Grade {
  const count = (about: string, ...statuses: string[]): number =>
    findings.filter((one) => one.about === about && statuses.includes(one.status)).length;
  const tally = {
    door: count("door", "fail", "warn"),
    fails: count("manners", "fail"),
    warns: count("manners", "warn"),
  };
  const grades = Object.keys(GRADES) as Grade[];
  return grades.find((grade) => GRADES[grade].applies(tally)) ?? "F";
}
