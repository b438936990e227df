import type { Secret } from "../core/secret.ts";
import { CODES, KeysError } from "../errors.ts";
import type { HttpRequest } from "../http/http.ts";
import type { Check } from "./check.ts";
import { addCosts, subtractCost, untestable, type CheckResult, type Cost } from "./check-result.ts";
import { absenceReason, inconclusiveReason, limitReason } from "./inconclusive-reason.ts";
import { CHECKS } from "./index.ts";
import { secretsIn } from "./judge/key-shape.ts";
import { CONTROLS_COST } from "./judge/judge-refused.ts";
import { carryKey } from "./mcp/carried-key.ts";
import { BEARER, type KeyHeader } from "./mcp/key-header.ts";
import { RateLimiter } from "./mcp/rate-limiter.ts";
import { createRedactor } from "../core/redact.ts";
import { isExposed, parseServerUrl } from "./mcp/server-url.ts";
import type { RandomText } from "./random-text.ts";
import type { Baseline } from "./report/baseline.ts";
import { conclude, introduce, whyUncertain } from "./report/conclude.ts";
import { guessFramework } from "./report/framework.ts";
import type { Finding, Report } from "./report/report.ts";
import { runChecks, type RunOptions } from "./run-checks.ts";
import { chooseChecks } from "./choose-checks.ts";
import { HttpTarget } from "./target/http-target.ts";
import { reportTokens, type Lab } from "./target/lab.ts";
import { watchCost } from "./target/lockout-watch.ts";
import { unmetNeed } from "./target/need.ts";
import type { Target } from "./target/target.ts";
import { DEFAULT_PATIENCE_MS } from "./target/wait.ts";
import { createBogusKey } from "./verify/bogus-key.ts";
import { FIND_HEADER_COST } from "./verify/find-header.ts";
import { shellQuote } from "../core/shell-quote.ts";
import { inRunningOrder } from "./running-order.ts";
import { explainCutShort, isCutOff, unreachedReason } from "./unreached.ts";
import { SURVEY_COST } from "./verify/survey.ts";

export interface ProbeServerOptions {
  /** URL of the server as typed. Errors never quote it. */
  readonly url: string;
  /** A key that the server should accept. Sent only to the origin of `url`. */
  readonly key: Secret;
  /** Header that carries the key. Default: {@link BEARER}. @internal */
  readonly header?: KeyHeader;
  /** Another key that the server should accept, for checks that need two clients. */
  readonly secondKey?: Secret;
  /** A tool that may be called without arguments, for servers that guard only tool calls. */
  readonly tool?: string;
  /** Creates keys in the server's store, for checks of new, revoked and expired keys. */
  readonly lab?: Lab;
  /** Sends a request. @internal */
  readonly request: HttpRequest;
  /** Monotonic clock, in milliseconds. */
  readonly now: () => number;
  /** Seconds since 1970. */
  readonly epoch: () => number;
  /** Source of unguessable text. @internal */
  readonly random: RandomText;
  readonly clientVersion: string;
  /** Milliseconds for each request. Default: 5,000. */
  readonly timeoutMs?: number;
  /**
   * Milliseconds for the server to notice a change in its store, 10,000 by default; and the milliseconds in all that a run waits for a server that
   * limits the rate, 60,000 by default.
   */
  readonly patienceMs?: number;
  /** Requests per second without the valid key; below 1 for slower ones. Default: 20. */
  readonly rate?: number;
  /** Concurrent requests. Default: 6. */
  readonly concurrency?: number;
  /** Ids of checks to run, or prefixes that end in `*`. Default: all. */
  readonly only?: readonly string[];
  /** Ids of checks to skip, or prefixes that end in `*`. */
  readonly skip?: readonly string[];
  /** Whether conformance faults make the report not `ok`. Default: `false`. */
  readonly strict?: boolean;
  /** Allow plain http beyond loopback. Default: `false`. */
  readonly allowHttp?: boolean;
  /** The command that starts this run, for hints. Default: `mcp-keys test` with the URL. */
  readonly command?: string;
  readonly signal?: AbortSignal;
  /** Called before anything is sent, with the number of checks and an upper bound of requests. */
  readonly onPlan?: (plan: Cost & { readonly checks: number }) => void;
  /** Findings of an earlier run. They are marked as known and do not count. */
  readonly baseline?: Baseline;
  /** Called before each check. @internal */
  readonly onCheck?: RunOptions<Target>["onCheck"];
  /** Called with each finding, in running order. */
  readonly onFinding?: (finding: Finding) => void;
}

/**
 * Runs the checks against a server and reports the findings. Everything the server does is a finding, not an error.
 * @throws {@link KeysError} `USAGE` for an unusable URL or an unknown check, `INSECURE_TRANSPORT`, `TOKEN_UNUSABLE`, `INTERRUPTED`, and
 * errors of the lab's store
 */
export async function probeServer(options: ProbeServerOptions): Promise<Report> {
  const { lab, rate = 20, concurrency = 6, strict = false } = options;
  const { header, key } = carryKey(options.header ?? BEARER, options.key);
  const second = options.secondKey && carryKey(options.header ?? BEARER, options.secondKey, "the second token");
  const secondKey = second?.key;
  const url = parseUrl({ ...options, key });
  const checks = chooseChecks(CHECKS, options);
  const bogus = createBogusKey(key, options.random);
  const redactor = createRedactor([key, bogus, ...(secondKey === undefined ? [] : [secondKey])].flatMap(secretsIn));
  const { redact } = redactor;
  const limiter = new RateLimiter({ ...options, rate, concurrency });
  const target = new HttpTarget({
    ...options,
    ...{ url, header, key, bogus, limiter, redact, secondKey: secondKey ?? null, tool: options.tool ?? null },
    lab: lab === undefined ? null : reportTokens(lab, redactor.add),
    timeoutMs: options.timeoutMs ?? 5000,
    patienceMs: options.patienceMs ?? DEFAULT_PATIENCE_MS,
  });

  options.onPlan?.({ checks: checks.length, ...planCost(checks, target) });
  const survey = await target.takeSurvey();
  const limited = limitReason(target, limiter.stopped);
  const absence = limited ?? (await absenceReason(target));
  const skipReason = (check: Check): string | null => {
    if (absence !== null && check.group !== "transport") return absence;
    const { stopped } = limiter;
    const unmet = unmetNeed(check.needs ?? [], target);
    return unmet ?? (stopped?.blocked === true && isCutOff(check) ? unreachedReason(check, stopped) : null);
  };
  const revise = (check: Check, result: CheckResult): CheckResult => {
    const { stopped } = limiter;
    const isCut = stopped !== null && "untestable" in result && result.untestable.includes(stopped.reason);
    return isCut ? untestable(unreachedReason(check, stopped)) : result;
  };
  const evidence: RunOptions<Target>["evidence"] = {
    mark: () => target.watch.mark(),
    isProven: (mark) => target.watch.isProven(mark),
    end: async () => {
      if (survey.greetings.length > 0 && limiter.stopped?.blocked !== true) await target.watch.confirm();
    },
    // A server that limits the rate refused nothing that counts.
    refutes: (check) => (target.watch.lockout !== null && isCutOff(check) ? (limiter.stopped?.reason ?? null) : null),
  };
  const found = await runChecks({ ...options, checks: inRunningOrder(checks), target, skipReason, revise, evidence });
  const findings = checks.flatMap(({ id }) => found.filter((finding) => finding.id === id));
  await target.close();

  const { command = `mcp-keys test ${shellQuote(url.href)}` } = options;
  const { stopped } = limiter;
  const inconclusive =
    stopped === null || survey.greetings.length === 0
      ? (limited ?? (await inconclusiveReason(target)) ?? whyUncertain(checks, findings))
      : explainCutShort({ stop: stopped, checks, findings, stillAccepted: target.watch.isCertain, command });
  const whole = CHECKS.every((check) => check.about !== "access" || checks.includes(check));
  const framework = guessFramework(target.recorded.map(({ answer }) => answer));
  return {
    url: url.href,
    ...conclude({ findings, inconclusive, whole, strict }),
    ...introduce(survey.greetings, redact),
    ...(framework === null ? {} : { framework }),
    sent: limiter.sent,
    ...(lab === undefined ? {} : { figures: await target.canaries.figures() }),
    ...(inconclusive === null ? {} : { hint: inconclusive }),
  };
}

function parseUrl({ url: text, key, allowHttp }: ProbeServerOptions): URL {
  const url = parseServerUrl(text, key);
  if (isExposed(url, allowHttp)) {
    throw new KeysError("INSECURE_TRANSPORT", "plain http would expose the token outside this machine", {
      hint: CODES.INSECURE_TRANSPORT.hint,
    });
  }
  return url;
}

/** Returns an upper bound of the run. Assumes that the server meets the preconditions that are not known yet. */
function planCost(checks: readonly Check[], target: Target): Cost {
  const planned = checks.filter(({ needs = [] }) => unmetNeed(needs.filter(isKnownUpFront), target) === null);
  const own = planned.map(({ cost, shared }) => (shared === undefined ? cost : subtractCost(cost, shared)));
  const shared = new Set(planned.flatMap((check) => check.shared ?? []));
  const sum = addCosts([SURVEY_COST, CONTROLS_COST, FIND_HEADER_COST, ...own, ...shared]);
  return addCosts([sum, watchCost(sum.wrong)]);
}

function isKnownUpFront(need: string): boolean {
  return !["accepted", "modern", "legacy", "sse", "http", "session"].includes(need);
}
