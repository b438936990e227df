import { isConversation, isAccepted, isInconclusive } from "../verify/attempt.ts";
import type { Check } from "../check.ts";
import { fail, pass, untestable } from "../check-result.ts";
import { foreignOrigins, keyFromPage } from "../judge/foreign-origin.ts";
import { describeAttempt, listNames, presentEach } from "../judge/judge-refused.ts";

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
  cost: { requests: 18, wrong: 0 },
  async run(target) {
    const pages = foreignOrigins(target).map(({ origin, of }) => keyFromPage(target, origin, of));
    const trials = await presentEach(target, pages);
    const accepted = trials.filter(({ attempt }) => isAccepted(attempt));
    if (accepted.length > 0) return fail(`accepted ${listNames(accepted.map(({ presented }) => presented))}`);
    for (const { presented, attempt } of trials) {
      if (!isConversation(attempt) || isInconclusive(attempt)) {
        return untestable(`${presented.name}: ${describeAttempt(attempt, target)}`);
      }
      const { status } = attempt.answer;
      const early = (target.survey.greetings[0]?.protocolVersion ?? SINCE) < SINCE;
      if (status === 403 || (early && status >= 400)) continue;
      if (!isAccepted(await target.presentAgain(target.valid)))
        return untestable("the server accepts your key only once");
      return fail(`${String(status)} instead of 403 to ${presented.name}`);
    }
    return pass("403 to every foreign origin");
  },
};
