import { isBroken } from "./conclude.ts";
import type { Finding, FindingStatus, Report } from "./report.ts";

/** Findings by what a reader does with them. */
export interface Summary {
  /** What does not hold of the door. */
  readonly access: readonly Finding[];
  /** What does not hold of manners. */
  readonly conformance: readonly Finding[];
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
    access: broken.filter(({ about }) => about === "access"),
    conformance: broken.filter(({ about }) => about === "conformance"),
    notes: having("info"),
    untestable: having("untestable"),
    passed: having("pass"),
  };
}

/** What it comes to, in a few words. */
export function headline({ result, findings }: Report): string {
  const broken = findings.filter((finding) => isBroken(finding)).length;
  switch (result) {
    case "unprotected":
      return "unprotected";
    case "protected":
      return broken === 0 ? "protected" : "shut, with conformance faults";
    case "partial":
      return "nothing open was found by the checks that were asked for";
    case "inconclusive":
      return "nothing is proven";
  }
}
