import { isBroken } from "./conclude.ts";
import type { Finding, FindingStatus, Report } from "./report.ts";

/** Findings, sorted by what a reader does with them. */
export interface Summary {
  /** Broken access checks. */
  readonly access: readonly Finding[];
  /** Broken conformance checks. */
  readonly conformance: readonly Finding[];
  /** Findings that break no rule. */
  readonly notes: readonly Finding[];
  readonly untestable: readonly Finding[];
  readonly passed: readonly Finding[];
}

/** Sorts findings into sections, failures before warnings and otherwise in running order. */
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

/** Returns the result in a few words. */
export function headline({ result, findings }: Report): string {
  switch (result) {
    case "unprotected":
      return "unprotected";
    case "protected":
      return findings.some(isBroken) ? "protected, with conformance problems" : "protected";
    case "partial":
      return "no access problem found by the selected checks";
    case "inconclusive":
      return "inconclusive";
  }
}

/** Ends the reason of a check that was not reached. It differs from check to check, and the hint has the sum. */
const OWN_COST = /^(not reached, because .*); it takes at most .*$/;

/** Checks that could not be tested for the same reason. */
interface ReasonGroup {
  readonly reason: string;
  readonly ids: readonly string[];
}

/** Groups untestable findings by their reason, the most common first. */
export function groupByReason(untestable: readonly Finding[]): ReasonGroup[] {
  const groups = new Map<string, string[]>();
  for (const { id, observed } of untestable) {
    const reason = observed.replace(OWN_COST, "$1");
    groups.set(reason, [...(groups.get(reason) ?? []), id]);
  }
  return [...groups].map(([reason, ids]) => ({ reason, ids })).sort((a, b) => b.ids.length - a.ids.length);
}
