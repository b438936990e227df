import type { Secret } from "../../core/secret.ts";
import { KeysError } from "../../errors.ts";
import type { Baseline } from "../report/baseline.ts";
import { createBogusKey } from "../verify/bogus-key.ts";
import type { Check } from "../check.ts";
import { addCosts, type Cost } from "../cost.ts";
import { conclude, whyUncertain } from "../report/conclude.ts";
import { introduce } from "../report/introduce.ts";
import type { Report } from "../report/report.ts";
import { runChecks, type RunOptions } from "../run.ts";
import { chooseChecks } from "../selection.ts";
import { STDIO_CHECKS } from "./index.ts";
import { describe } from "./judge-refused.ts";
import { StdioTarget } from "./target.ts";
import type { Start } from "./start.ts";
import type { Spawn } from "./spawn.ts";

export interface StdioProbeOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** A key that the program should let in. It travels in the environment and nowhere else. */
  readonly key: Secret;
  /** The variable in which the program looks for it. Default `MCP_API_KEY`. */
  readonly variable?: string;
  readonly spawn: Spawn;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
  /** That many random characters of `[0-9A-Za-z]`. */
  readonly random: (length: number) => string;
  readonly clientVersion: string;
  /** Milliseconds for the conversation of each start, its own start included. Default 10,000. */
  readonly timeoutMs?: number;
  /** Ids of checks to run; all when left out. */
  readonly only?: readonly string[];
  /** Ids of checks to leave out. */
  readonly skip?: readonly string[];
  /** Whether bad manners make the report not `ok`. */
  readonly strict?: boolean;
  readonly signal?: AbortSignal;
  /** Told before anything is started: how many checks, and how often the program is started at most. */
  readonly onPlan?: (plan: Cost & { readonly checks: number }) => void;
  /** What an earlier run found; it is marked as known, and does not count. */
  readonly baseline?: Baseline;
  /** Told of each check before it is asked. */
  readonly onCheck?: RunOptions<StdioTarget>["onCheck"];
  /** Told of each finding as it comes, in running order. */
  readonly onFinding?: RunOptions<StdioTarget>["onFinding"];
}

/** To begin with the program is started with the right key. */
const SURVEY_COST: Cost = { requests: 1, wrong: 0 };

/**
 * Starts a program with the right key and with everything else, and reports what it does. In the report a start counts as a
 * request. Whatever the program does is a finding, not a fault.
 * @throws {@link KeysError} `USAGE` for a check that does not exist, `TOKEN_UNUSABLE`, `INTERRUPTED`
 */
export async function probeStdio(options: StdioProbeOptions): Promise<Report> {
  const { key, command, args, variable = "MCP_API_KEY", timeoutMs = 10_000, strict = false } = options;
  if (key.reveal().includes("\0")) {
    throw new KeysError("TOKEN_UNUSABLE", "the token holds a character that no environment can carry");
  }
  if ([command, ...args].some((word) => word.includes(key.reveal()))) {
    throw new KeysError("USAGE", "the command holds the key, and commands show in the list of processes", {
      hint: `leave it out; the program finds it in ${variable}`,
    });
  }
  const checks = chooseChecks(STDIO_CHECKS, options);
  const bogus = createBogusKey(key, options.random);
  const target = new StdioTarget({ ...options, variable, bogus, timeoutMs });
  options.onPlan?.({ checks: checks.length, ...addCosts([SURVEY_COST, ...checks.map(({ cost }) => cost)]) });
  const absent = isAbsent(await target.takeSurvey());
  const skipReason = ({ group }: Check<StdioTarget>): string | null =>
    absent && group !== "acceptance" ? "nothing was started that answers in MCP" : null;
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

/** With the right key it could not be started, or hangs: then there is no door to try. One that ends may have refused the key. */
function isAbsent({ attempt, exit }: Start): boolean {
  return attempt instanceof KeysError && exit === null;
}

function whyInconclusive(target: StdioTarget): string | null {
  if (target.greeting !== null) return null;
  const { attempt } = target.real;
  const observed = describe(target.real, target);
  return attempt instanceof KeysError
    ? `${observed}; ${attempt.hint}`
    : `${target.variable} with your key gets ${observed}`;
}
