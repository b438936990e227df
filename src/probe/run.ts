import { KeysError } from "../errors.ts";
import { isKnown, type Baseline } from "./report/baseline.ts";
import type { Check, Sight } from "./check.ts";
import type { Clean } from "./mcp/redact.ts";
import type { Finding, FindingStatus } from "./report/report.ts";

const STATUS_OF = { must: "fail", should: "warn", may: "info" } as const satisfies Record<string, FindingStatus>;

/** What of a site its run needs. */
interface Shown {
  readonly clean: Clean;
}

export interface RunOptions<S extends Shown> {
  readonly checks: readonly Check<S>[];
  readonly site: S;
  /** Why a check is not asked at all, or `null`. Asked anew before each. */
  readonly hinder: (check: Check<S>) => string | null;
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
  const { checks, site, hinder, now, baseline = [], onCheck, onFinding } = options;
  const findings: Finding[] = [];
  for (const check of checks) {
    onCheck?.(check);
    const started = now();
    const reason = hinder(check);
    const sight = reason === null ? await ask(check, site) : { untestable: reason };
    const found = findingOf(check, sight, Math.round(now() - started));
    const finding: Finding = isKnown(found, baseline) ? { ...found, known: true } : found;
    findings.push(finding);
    onFinding?.(finding);
  }
  return findings;
}

async function ask<S extends Shown>(check: Check<S>, site: S): Promise<Sight> {
  try {
    return await check.run(site);
  } catch (error) {
    if (!(error instanceof KeysError)) throw error;
    if (error.code !== "SERVER_UNREACHABLE" && error.code !== "SERVER_NOT_MCP") throw error;
    return { untestable: site.clean(error.message) };
  }
}

function findingOf<S>(check: Check<S>, sight: Sight, ms: number): Finding {
  const { id, group, about, level, expects, mend } = check;
  const rest = { expects, source: check.source.href, mend, ms };
  if ("untestable" in sight) return { id, group, about, level, status: "untestable", saw: sight.untestable, ...rest };
  return { id, group, about, level, status: sight.holds ? "pass" : STATUS_OF[level], saw: sight.saw, ...rest };
}
