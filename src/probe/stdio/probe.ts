import type { Secret } from "../../core/secret.ts";
import { KeysError } from "../../errors.ts";
import type { Baseline } from "../report/baseline.ts";
import { createBogusKey } from "../verify/bogus-key.ts";
import type { Check } from "../check.ts";
import { addCosts, type Cost } from "../check-result.ts";
import { conclude, introduce, whyUncertain } from "../report/conclude.ts";
import type { Report } from "../report/report.ts";
import { runChecks, type RunOptions } from "../run-checks.ts";
import { chooseChecks } from "../choose-checks.ts";
import { STDIO_CHECKS } from "./index.ts";
import { describeStart } from "./judge-refused.ts";
import { StdioTarget } from "./target.ts";
import type { StartResult } from "./start.ts";
import type { Spawn } from "./spawn.ts";

export interface StdioProbeOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** A key that the program should accept. Passed in its environment only. */
  readonly key: Secret;
  /** The variable from which the program reads it. Default `MCP_API_KEY`. */
  readonly variable?: string;
  readonly spawn: Spawn;
  /** Monotonic clock, in milliseconds. */
  readonly now: () => number;
  /** Returns random characters of `[0-9A-Za-z]`. */
  readonly random: (length: number) => string;
  readonly clientVersion: string;
  /** Milliseconds for each start, including the conversation. Default 10,000. */
  readonly timeoutMs?: number;
  /** Ids of the checks to run. Default: all. */
  readonly only?: readonly string[];
  /** Ids of checks to skip. */
  readonly skip?: readonly string[];
  /** Whether conformance findings make the report not `ok`. */
  readonly strict?: boolean;
  readonly signal?: AbortSignal;
  /** Called before the first start with the number of checks and the maximum number of starts. */
  readonly onPlan?: (plan: Cost & { readonly checks: number }) => void;
  /** Findings of an earlier run. They are marked as known and do not count. */
  readonly baseline?: Baseline;
  /** Called before each check. */
  readonly onCheck?: RunOptions<StdioTarget>["onCheck"];
  /** Called with each finding, in running order. */
  readonly onFinding?: RunOptions<StdioTarget>["onFinding"];
}

/** The first start, with your key. */
const SURVEY_COST: Cost = { requests: 1, wrong: 0 };

/**
 * Starts a program with your key and with invalid ones, and reports how it reacts. In the report, a start counts as a request.
 * Everything the program does becomes a finding, never an error.
 * @throws {@link KeysError} `USAGE` for a check that does not exist, `TOKEN_UNUSABLE`, `INTERRUPTED`
 */
export async function probeStdio(options: StdioProbeOptions): Promise<Report> {
  const { key, command, args, variable = "MCP_API_KEY", timeoutMs = 10_000, strict = false } = options;
  if (key.reveal().includes("\0")) {
    throw new KeysError(
      "TOKEN_UNUSABLE",
      "the token contains a character that is not allowed in an environment variable",
    );
  }
  if ([command, ...args].some((word) => word.includes(key.reveal()))) {
    throw new KeysError("USAGE", "the command contains the key, and other users can see commands in the process list", {
      hint: `leave it out: the program gets it in ${variable}`,
    });
  }
  const checks = chooseChecks(STDIO_CHECKS, options);
  const bogus = createBogusKey(key, options.random);
  const target = new StdioTarget({ ...options, variable, bogus, timeoutMs });
  options.onPlan?.({ checks: checks.length, ...addCosts([SURVEY_COST, ...checks.map(({ cost }) => cost)]) });
  const absent = isAbsent(await target.takeSurvey());
  const skipReason = ({ group }: Check<StdioTarget>): string | null =>
    absent && group !== "acceptance" ? "the program did not start or does not speak MCP" : null;
  const findings = await runChecks({ ...options, checks, target, skipReason });

  const inconclusive = whyInconclusive(target) ?? whyUncertain(checks, findings);
  const whole = STDIO_CHECKS.every((check) => check.about !== "access" || checks.includes(check));
  return {
    url: `stdio:${target.redact([command, ...args].join(" "))}`,
    ...conclude({ findings, inconclusive, whole, strict }),
    ...introduce(target.greeting === null ? [] : [target.greeting], target.redact),
    sent: target.sent,
    ...(inconclusive === null ? {} : { hint: inconclusive }),
  };
}

/** Tells whether the program could not be started or hangs with your key. A program that exits may have rejected the key. */
function isAbsent({ attempt, exit }: StartResult): boolean {
  return attempt instanceof KeysError && exit === null;
}

function whyInconclusive(target: StdioTarget): string | null {
  if (target.greeting !== null) return null;
  const { attempt } = target.real;
  const observed = describeStart(target.real, target);
  return attempt instanceof KeysError
    ? `${observed}; ${attempt.hint}`
    : `your key in ${target.variable} led to: ${observed}`;
}
