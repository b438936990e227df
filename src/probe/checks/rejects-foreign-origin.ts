import { isConversation, isAccepted, isInconclusive } from "../verify/attempt.ts";
import type { Check } from "../check.ts";
import { fail, pass, untestable, type CheckDetails, type CheckResult } from "../check-result.ts";
import { foreignOrigins, keyFromPage } from "../judge/foreign-origin.ts";
import { describeAttempt, listNames, noteTrials } from "../judge/judge-refused.ts";
import type { Target } from "../target/target.ts";

/** Since this revision the answer must be 403. Earlier ones only require a check of the origin. */
const SINCE = "2025-11-25";

export const rejectsForeignOrigin: Check = {
  id: "rejects-foreign-origin",
  group: "browser",
  about: "conformance",
  level: "must",
  expected: "answers 403 to a request from another origin, even with a valid key",
  source: new URL("https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#security-warning"),
  fix: "compare the whole Origin with a list of allowed origins, and answer 403 to all others",
  needs: ["accepted"],
  cost: { requests: 30, wrong: 0 },
  async run(target) {
    const pages = foreignOrigins(target);
    const trials = await Promise.all(
      pages.map(async ({ origin, of, sameHost }) => {
        const presented = keyFromPage(target, origin, of);
        return { presented, sameHost, attempt: await target.ask(presented) };
      }),
    );
    const accepted = trials.filter(({ attempt }) => isAccepted(attempt));
    const tried = noteTrials(target, accepted);
    const foreign = accepted.filter(({ sameHost }) => !sameHost).map(({ presented }) => presented);
    if (foreign.length > 0) return failAsItMatters(target, `accepted ${listNames(foreign)}`, { tried });
    for (const { presented, attempt } of trials.filter(({ sameHost }) => !sameHost)) {
      if (!isConversation(attempt) || isInconclusive(attempt)) {
        return untestable(`${presented.name}: ${describeAttempt(attempt, target)}`);
      }
      const { status } = attempt.answer;
      const early = (target.survey.greetings[0]?.protocolVersion ?? SINCE) < SINCE;
      if (status === 403 || (early && status >= 400)) continue;
      if (!(await target.isStillAccepted())) return untestable("the server accepts your key only once");
      return failAsItMatters(target, `${String(status)} instead of 403 to ${presented.name}`);
    }
    if (accepted.length === 0) return pass("403 to every foreign origin");
    const observed = `accepted ${listNames(accepted.map(({ presented }) => presented))}, but no foreign one`;
    return fail(observed, { tried, level: "may" });
  },
};

/**
 * Fails as a MUST where a page can do harm: it reaches servers on this machine that nobody else reaches, and the browser adds cookies
 * itself. Elsewhere a page needs the key, which it does not have.
 */
function failAsItMatters(target: Target, observed: string, details: CheckDetails = {}): CheckResult {
  if (target.loopback) return fail(observed, details);
  if (target.recorded.some(({ answer }) => setsCookie(answer.headers)))
    return fail(`${observed}; it sets cookies`, details);
  const reason = "it sets no cookies, and a page does not have the key, so this is a SHOULD";
  return fail(`${observed}; ${reason}`, { ...details, level: "should" });
}

function setsCookie(headers: Readonly<Record<string, readonly string[] | undefined>>): boolean {
  return (headers["set-cookie"] ?? []).length > 0;
}
