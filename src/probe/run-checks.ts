import { isKnown, type Baseline } from "./report/baseline.ts";
import type { Check } from "./check.ts";
import type { CheckResult } from "./check-result.ts";
import type { Redact } from "../core/redact.ts";
import { referencesOf } from "./report/references.ts";
import type { Finding, FindingStatus } from "./report/report.ts";
import { holdFindings, type RefusalEvidence } from "./hold-findings.ts";
import { isServerFault } from "./verify/attempt.ts";

const STATUS_OF = { must: "fail", should: "warn", may: "info" } as const satisfies Record<string, FindingStatus>;

/** The part of a target that running checks needs. */
interface RunTarget {
  readonly redact: Redact;
}

export interface RunOptions<T extends RunTarget> {
  /** In running order. */
  readonly checks: readonly Check<T>[];
  readonly target: T;
  /** Returns why a check cannot run, or `null`. Called before each check. */
  readonly skipReason: (check: Check<T>) => string | null;
  /** Replaces a result, for example to say why nothing was sent. */
  readonly revise?: (check: Check<T>, result: CheckResult) => CheckResult;
  /** Monotonic clock, in milliseconds. */
  readonly now: () => number;
  /** Known findings, which do not count. */
  readonly baseline?: Baseline;
  /** What refusals prove. Default: they always prove something. */
  readonly evidence?: RefusalEvidence<T>;
  /** Called before each check. */
  readonly onCheck?: (check: Pick<Check, "id">) => void;
  /** Called with each finding, in running order, once it is certain. */
  readonly onFinding?: (finding: Finding) => void;
}

/**
 * Runs the checks one after another. A check may send its own requests in parallel.
 * @returns the findings, in running order
 * @throws `KeysError` `INTERRUPTED`, or any other error that is not the server's fault
 */
export async function runChecks<T extends RunTarget>(options: RunOptions<T>): Promise<Finding[]> {
  const { checks, target, skipReason, revise, now, baseline = [], evidence, onCheck, onFinding } = options;
  const findings: Finding[] = [];
  const held = holdFindings<T>(evidence, (found) => {
    const finding: Finding = isKnown(found, baseline) ? { ...found, known: true } : found;
    findings.push(finding);
    onFinding?.(finding);
  });
  for (const check of checks) {
    onCheck?.(check);
    const started = now();
    const reason = skipReason(check);
    const result = reason === null ? await runCheck(check, target) : { untestable: reason };
    held.add(check, findingOf(check, revise?.(check, result) ?? result, Math.round(now() - started)));
  }
  await held.end();
  return findings;
}

async function runCheck<T extends RunTarget>(check: Check<T>, target: T): Promise<CheckResult> {
  try {
    return await check.run(target);
  } catch (error) {
    if (!isServerFault(error)) throw error;
    return { untestable: target.redact(error.message) };
  }
}

function findingOf<T>(check: Check<T>, result: CheckResult, ms: number): Finding {
  const { id, group, about, level, expected, fix } = check;
  const rest = { expected, source: check.source.href, fix, references: referencesOf(check), ms };
  if ("untestable" in result)
    return { id, group, about, level, status: "untestable", observed: result.untestable, ...rest };
  const { observed, fix: ownFix = fix, level: ownLevel = level, tried } = result;
  const status = result.pass ? "pass" : STATUS_OF[ownLevel];
  return {
    id,
    group,
    about,
    level: ownLevel,
    status,
    observed,
    ...rest,
    fix: ownFix,
    ...(tried === undefined ? {} : { tried }),
  };
}
