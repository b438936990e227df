import type { Secret } from "../core/secret.ts";
import { CODES, KeysError } from "../errors.ts";
import type { HttpRequest } from "../http/http.ts";
import type { Check } from "./check.ts";
import { addCosts, type Cost } from "./check-result.ts";
import { FINAL_ATTEMPT_COST, inconclusiveReason } from "./inconclusive-reason.ts";
import { CHECKS } from "./index.ts";
import { certificateFault, NOT_ASKED_FOR_CERTIFICATE } from "./judge/certificate.ts";
import { CONTROLS_COST } from "./judge/judge-refused.ts";
import { BEARER, type KeyHeader } from "./mcp/key-header.ts";
import { RateLimiter } from "./mcp/rate-limiter.ts";
import { createRedactor } from "../core/redact.ts";
import { isExposed, parseServerUrl } from "./mcp/server-url.ts";
import type { RandomText } from "./random-text.ts";
import type { Baseline } from "./report/baseline.ts";
import { conclude, introduce, whyUncertain } from "./report/conclude.ts";
import type { Report } from "./report/report.ts";
import { runChecks, type RunOptions } from "./run-checks.ts";
import { chooseChecks } from "./choose-checks.ts";
import { HttpTarget } from "./target/http-target.ts";
import { reportTokens, type Lab } from "./target/lab.ts";
import { unmetNeed } from "./target/need.ts";
import type { Target } from "./target/target.ts";
import { DEFAULT_PATIENCE_MS } from "./target/wait.ts";
import { createBogusKey } from "./verify/bogus-key.ts";
import { FIND_HEADER_COST } from "./verify/find-header.ts";
import { SURVEY_COST } from "./verify/survey.ts";

export interface ProbeServerOptions {
  /** URL of the server as typed. Errors never quote it. */
  readonly url: string;
  /** A key that the server should accept. Sent only to the origin of `url`. */
  readonly key: Secret;
  /** Header that carries the key. Default: {@link BEARER}. */
  readonly header?: KeyHeader;
  /** Another key that the server should accept, for checks that need two clients. */
  readonly secondKey?: Secret;
  /** A tool that may be called without arguments, for servers that guard only tool calls. */
  readonly tool?: string;
  /** Creates keys in the server's store, for checks of new, revoked and expired keys. */
  readonly lab?: Lab;
  readonly request: HttpRequest;
  /** Monotonic clock, in milliseconds. */
  readonly now: () => number;
  /** Seconds since 1970. */
  readonly epoch: () => number;
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
  readonly signal?: AbortSignal;
  /** Called before anything is sent, with the number of checks and an upper bound of requests. */
  readonly onPlan?: (plan: Cost & { readonly checks: number }) => void;
  /** Findings of an earlier run. They are marked as known and do not count. */
  readonly baseline?: Baseline;
  /** Called before each check. */
  readonly onCheck?: RunOptions<Target>["onCheck"];
  /** Called with each finding, in running order. */
  readonly onFinding?: RunOptions<Target>["onFinding"];
}

/**
 * Runs the checks against a server and reports the findings. Everything the server does is a finding, not an error.
 * @throws {@link KeysError} `USAGE` for an unusable URL or an unknown check, `INSECURE_TRANSPORT`, `TOKEN_UNUSABLE`, `INTERRUPTED`, and
 * errors of the lab's store
 */
export async function probeServer(options: ProbeServerOptions): Promise<Report> {
  const { key, secondKey, header = BEARER, lab, rate = 20, concurrency = 6, strict = false } = options;
  const url = parseUrl(options);
  const checks = chooseChecks(CHECKS, options);
  const bogus = createBogusKey(key, options.random);
  const redactor = createRedactor([key, bogus, ...(secondKey === undefined ? [] : [secondKey])]);
  const { redact } = redactor;
  const limiter = new RateLimiter({ ...options, rate, concurrency });
  const target = new HttpTarget({
    ...options,
    ...{ url, header, bogus, limiter, redact, secondKey: secondKey ?? null, tool: options.tool ?? null },
    lab: lab === undefined ? null : reportTokens(lab, redactor.add),
    timeoutMs: options.timeoutMs ?? 5000,
    patienceMs: options.patienceMs ?? DEFAULT_PATIENCE_MS,
  });

  options.onPlan?.({ checks: checks.length, ...planCost(checks, target) });
  const survey = await target.takeSurvey();
  const skipReason = (check: Check): string | null => {
    if (survey.absent && check.group !== "transport") {
      return certificateFault(survey.real) === null ? "no MCP server answers at this URL" : NOT_ASKED_FOR_CERTIFICATE;
    }
    return unmetNeed(check.needs ?? [], target) ?? limiter.stopped?.reason ?? null;
  };
  const findings = await runChecks({ ...options, checks, target, skipReason });
  await target.close();

  const inconclusive = limiter.stopped?.reason ?? (await inconclusiveReason(target)) ?? whyUncertain(checks, findings);
  const whole = CHECKS.every((check) => check.about !== "access" || checks.includes(check));
  return {
    url: url.href,
    ...conclude({ findings, inconclusive, whole, strict }),
    ...introduce(survey.greetings, redact),
    sent: limiter.sent,
    ...(lab === undefined ? {} : { figures: await target.canaries.figures() }),
    ...(inconclusive === null ? {} : { hint: inconclusive }),
  };
}

function parseUrl({ url: text, key, secondKey, allowHttp }: ProbeServerOptions): URL {
  for (const { name, secret } of [
    { name: "the token", secret: key },
    { name: "the second token", secret: secondKey },
  ]) {
    if (secret !== undefined && !/^[\x21-\x7e]+$/.test(secret.reveal())) {
      throw new KeysError("TOKEN_UNUSABLE", `${name} contains a character that an HTTP header cannot carry`);
    }
  }
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
  const shared = [SURVEY_COST, CONTROLS_COST, FINAL_ATTEMPT_COST, FIND_HEADER_COST];
  return addCosts([...shared, ...planned.map(({ cost }) => cost)]);
}

function isKnownUpFront(need: string): boolean {
  return !["accepted", "modern", "legacy", "sse", "session"].includes(need);
}
