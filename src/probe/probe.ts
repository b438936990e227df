import type { Secret } from "../core/secret.ts";
import { CODES, KeysError } from "../errors.ts";
import { isLoopback, parseServerUrl } from "./mcp/server-url.ts";
import { isConversation, isInconclusive } from "./verify/attempt.ts";
import type { Baseline } from "./report/baseline.ts";
import { createBogusKey } from "./verify/bogus-key.ts";
import { certificateFault, NOT_ASKED_FOR_CERTIFICATE } from "./judge/certificate.ts";
import type { Check } from "./check.ts";
import { addCosts, type Cost } from "./cost.ts";
import { createRedactor } from "./mcp/redact.ts";
import { conclude, whyUncertain } from "./report/conclude.ts";
import { BEARER, type KeyHeader } from "./mcp/credentials.ts";
import { OTHER_HEADER_COST, findOtherHeader } from "./target/other-header.ts";
import { explainFailure } from "./verify/explain.ts";
import { RateLimiter } from "./mcp/rate-limiter.ts";
import { CHECKS } from "./index.ts";
import { introduce } from "./report/introduce.ts";
import { isRefusal } from "./mcp/answer-kind.ts";
import { reportTokens, type Lab } from "./target/lab.ts";
import { unmetNeed } from "./target/need.ts";
import type { Report } from "./report/report.ts";
import type { HttpRequest } from "../http/http.ts";
import { runChecks, type RunOptions } from "./run.ts";
import { chooseChecks } from "./selection.ts";
import { HttpTarget } from "./target/http-target.ts";
import type { Target } from "./target/target.ts";
import { SURVEY_COST } from "./verify/survey.ts";
import { DEFAULT_PATIENCE_MS } from "./target/wait.ts";
import { CONTROLS_COST } from "./judge/judge-refused.ts";

export interface ProbeServerOptions {
  /** The address of the server as it was typed. Never quoted in an error. */
  readonly url: string;
  /** A key that the server should let in. Sent to the origin of `url` alone. */
  readonly key: Secret;
  /** Where the server wants it. Default {@link BEARER}. */
  readonly header?: KeyHeader;
  /** Another key that it should let in, for what only two clients can show. */
  readonly secondKey?: Secret;
  /** A tool that may be called without arguments, for servers that guard calls alone. */
  readonly tool?: string;
  /** Makes keys in the store of the server, for the checks of what happens to them. */
  readonly lab?: Lab;
  readonly request: HttpRequest;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
  /** Seconds since 1970. */
  readonly epoch: () => number;
  /** That many random characters of `[0-9A-Za-z]`. */
  readonly random: (length: number) => string;
  readonly clientVersion: string;
  /** Milliseconds for each exchange. Default 5,000. */
  readonly timeoutMs?: number;
  /** Milliseconds that the server may take to follow its store. Default 10,000. */
  readonly patienceMs?: number;
  /** Requests without the right key in a second. Default 20. */
  readonly rate?: number;
  /** Exchanges at the same time. Default 6. */
  readonly concurrency?: number;
  /** Ids of checks to run; all when left out. */
  readonly only?: readonly string[];
  /** Ids of checks to leave out. */
  readonly skip?: readonly string[];
  /** Whether bad manners make the report not `ok`. */
  readonly strict?: boolean;
  /** Send the key over plain http beyond loopback as well. */
  readonly allowHttp?: boolean;
  readonly signal?: AbortSignal;
  /** Told before anything is sent: how many checks, and the most they send. */
  readonly onPlan?: (plan: Cost & { readonly checks: number }) => void;
  /** What an earlier run found; it is marked as known, and does not count. */
  readonly baseline?: Baseline;
  /** Told of each check before it is asked. */
  readonly onCheck?: RunOptions<Target>["onCheck"];
  /** Told of each finding as it comes, in running order. */
  readonly onFinding?: RunOptions<Target>["onFinding"];
}

/**
 * Tries every way into a server, with the right key and with everything else, and reports each finding. Whatever the server
 * does is a finding, not a fault.
 * @throws {@link KeysError} `USAGE` for an address that cannot be used or a check that does not exist, `INSECURE_TRANSPORT`,
 * `TOKEN_UNUSABLE`, `INTERRUPTED`, and those of the lab's store.
 */
export async function probeServer(options: ProbeServerOptions): Promise<Report> {
  const { key, secondKey, header = BEARER, lab, rate = 20, concurrency = 6, strict = false } = options;
  const url = parseTarget(options);
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
      return certificateFault(survey.real) === null ? "nothing there answers in MCP" : NOT_ASKED_FOR_CERTIFICATE;
    }
    return limiter.stopped ?? unmetNeed(check.needs ?? [], target);
  };
  const findings = await runChecks({ ...options, checks, target, skipReason });
  await target.close();

  const inconclusive = limiter.stopped ?? (await whyInconclusive(target)) ?? whyUncertain(checks, findings);
  const whole = CHECKS.every((check) => check.about !== "access" || checks.includes(check));
  return {
    url: url.href,
    ...conclude({ findings, inconclusive, whole, strict }),
    ...introduce(survey.greetings, redact),
    sent: limiter.sent,
    ...(inconclusive === null ? {} : { hint: inconclusive }),
  };
}

function parseTarget({ url: text, key, secondKey, allowHttp = false }: ProbeServerOptions): URL {
  for (const { name, secret } of [
    { name: "the token", secret: key },
    { name: "the second token", secret: secondKey },
  ]) {
    if (secret !== undefined && !/^[\x21-\x7e]+$/.test(secret.reveal())) {
      throw new KeysError("TOKEN_UNUSABLE", `${name} holds a character that no header can carry`);
    }
  }
  const url = parseServerUrl(text, key);
  if (url.protocol === "http:" && !allowHttp && !isLoopback(url)) {
    throw new KeysError("INSECURE_TRANSPORT", "the token is not sent over plain http beyond this machine", {
      hint: CODES.INSECURE_TRANSPORT.hint,
    });
  }
  return url;
}

/** The most that will be sent. What needs the server's own word is counted as if the server gave it. */
function planCost(checks: readonly Check[], target: Target): Cost {
  const asked = checks.filter(({ needs = [] }) => unmetNeed(needs.filter(isKnownBefore), target) === null);
  const elsewhere = target.header === BEARER ? [OTHER_HEADER_COST] : [];
  return addCosts([SURVEY_COST, CONTROLS_COST, LAST_LOOK_COST, ...elsewhere, ...asked.map(({ cost }) => cost)]);
}

function isKnownBefore(need: string): boolean {
  return !["accepted", "modern", "legacy", "sse", "session"].includes(need);
}

/** The most that {@link whyInconclusive} sends, all with the right key. */
const LAST_LOOK_COST = { requests: 6, wrong: 0 };

/**
 * Why the whole run proves nothing, or `null`. A server that takes many wrong keys for an attack may shut everybody out; from then
 * on its refusals say nothing, so the right key is presented once more at the end.
 */
async function whyInconclusive(target: Target): Promise<string | null> {
  const { survey, url, redact } = target;
  const { real, greetings } = survey;
  if (greetings.length === 0) {
    const header = await findOtherHeader(target);
    if (header !== null) return `the server takes your key in ${header}; run it again with --header ${header}`;
    return isConversation(real) ? explainFailure(real, { url, redact }) : `${redact(real.message)}; ${real.hint}`;
  }
  const last = await target.presentAgain(target.right);
  if (!isInconclusive(last) && !(isConversation(last) && isRefusal(last.answer))) return null;
  const observed = isConversation(last) ? String(last.answer.status) : redact(last.message);
  return `your key was let in at first and not at the end (${observed}), so that refusals prove nothing: does the server shut out who presents many wrong keys? try a lower --rate`;
}
