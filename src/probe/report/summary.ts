import { isBroken } from "./conclude.ts";
import type { Finding, FindingStatus, Report } from "./report.ts";

/** Findings by what a reader does with them. */
export interface Summary {
  /** What does not hold of the door. */
  readonly door: readonly Finding[];
  /** What does not hold of manners. */
  readonly manners: readonly Finding[];
  /** What could be otherwise, and breaks no rule. */
  readonly notes: readonly Finding[];
  readonly untestable: readonly Finding[];
  readonly passed: readonly Finding[];
}

/** Sorts findings, failures before warnings, else in their order. */
export function summarize(findings: readonly Finding[]): Summary {
  const having = (status: FindingStatus): Finding[] => findings.filter((finding) => finding.status === status);
  const broken = [...having("fail"), ...having("warn")];
  return {
    door: broken.filter(({ about }) => about === "door"),
    manners: broken.filter(({ about }) => about === "manners"),
    notes: having("info"),
    untestable: having("untestable"),
    passed: having("pass"),
  };
}

/** What it comes to, in a few words. */
export function headline({ result, findings }: Report): string {
  const broken = findings.filter((finding) => isBroken(finding)).length;
  switch (result) {
    case "open":
      return "open";
    case "shut":
      return broken === 0 ? "shut" : "shut, with bad manners";
    case "partial":
      return "nothing open was found by the checks that were asked for";
    case "unproven":
      return "nothing is proven";
  }
}
