import { KeysError } from "../errors.ts";
import { isKnown, type Baseline } from "./report/baseline.ts";
import type { Check } from "./check.ts";
import type { CheckResult } from "./check-result.ts";
import type { Redact } from "./mcp/redact.ts";
import type { Finding, FindingStatus } from "./report/report.ts";

const STATUS_OF = { must: "fail", should: "warn", may: "info" } as const satisfies Record<string, FindingStatus>;

/** What of a site its run needs. */
interface Shown {
  readonly redact: Redact;
}

export interface RunOptions<S extends Shown> {
  readonly checks: readonly Check<S>[];
  readonly target: S;
  /** Why a check is not asked at all, or `null`. Asked anew before each. */
  readonly skipReason: (check: Check<S>) => string | null;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
  /** What does not count. */
  readonly baseline?: Baseline;
  /** Told of each check before it is asked. */
  readonly onCheck?: (check: Pick<Check, "id">) => void;
  /** Told of each finding as it comes, in running order. */
  readonly onFinding?: (finding: Finding) => void;
}

/**
 * Asks the checks one after the other, in the order given; what a check asks itself it asks side by side.
 * @throws `KeysError` `INTERRUPTED`, and whatever is our own fault
 */
export async function runChecks<S extends Shown>(options: RunOptions<S>): Promise<Finding[]> {
  const { checks, target, skipReason, now, baseline = [], onCheck, onFinding } = options;
  const findings: Finding[] = [];
  for (const check of checks) {
    onCheck?.(check);
    const started = now();
    const reason = skipReason(check);
    const result = reason === null ? await ask(check, target) : { untestable: reason };
    const found = findingOf(check, result, Math.round(now() - started));
    const finding: Finding = isKnown(found, baseline) ? { ...found, known: true } : found;
    findings.push(finding);
    onFinding?.(finding);
  }
  return findings;
}

async function ask<S extends Shown>(check: Check<S>, target: S): Promise<CheckResult> {
  try {
    return await check.run(target);
  } catch (error) {
    if (!(error instanceof KeysError)) throw error;
    if (error.code !== "SERVER_UNREACHABLE" && error.code !== "SERVER_NOT_MCP") throw error;
    return { untestable: target.redact(error.message) };
  }
}

function findingOf<S>(check: Check<S>, result: CheckResult, ms: number): Finding {
  const { id, group, about, level, expected, fix } = check;
  const rest = { expected, source: check.source.href, fix, ms };
  if ("untestable" in result)
    return { id, group, about, level, status: "untestable", observed: result.untestable, ...rest };
  return {
    id,
    group,
    about,
    level,
    status: result.pass ? "pass" : STATUS_OF[level],
    observed: result.observed,
    ...rest,
  };
}
