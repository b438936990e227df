import { isConversation, isAccepted, isInconclusive } from "../verify/attempt.ts";
import type { Check } from "../check.ts";
import { fail, pass, untestable } from "../check-result.ts";
import { foreignOrigins, keyFromPage } from "../judge/foreign-origin.ts";
import { describeAttempt, listNames, presentEach } from "../judge/judge-refused.ts";

/** From this revision on the answer is 403; before, the origin had to be looked at. */
const SINCE = "2025-11-25";

export const rejectsForeignOrigin: Check = {
  id: "rejects-foreign-origin",
  group: "browser",
  about: "conformance",
  level: "must",
  expected: "a request from a page of another origin gets 403, also with the key",
  source: new URL("https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#security-warning"),
  fix: "compare Origin whole with a list of origins that may use the server, and answer 403 to all others",
  needs: ["accepted"],
  cost: { requests: 18, wrong: 0 },
  async run(target) {
    const pages = foreignOrigins(target).map(({ origin, of }) => keyFromPage(target, origin, of));
    const trials = await presentEach(target, pages);
    const inside = trials.filter(({ attempt }) => isAccepted(attempt));
    if (inside.length > 0) return fail(`let in: ${listNames(inside.map(({ credentials }) => credentials))}`);
    for (const { credentials, attempt } of trials) {
      if (!isConversation(attempt) || isInconclusive(attempt)) {
        return untestable(`${credentials.name}: ${describeAttempt(attempt, target)}`);
      }
      const { status } = attempt.answer;
      const early = (target.survey.greetings[0]?.protocolVersion ?? SINCE) < SINCE;
      if (status === 403 || (early && status >= 400)) continue;
      if (!isAccepted(await target.presentAgain(target.right)))
        return untestable("your key is let in once and not again");
      return fail(`${String(status)} and not 403 to ${credentials.name}`);
    }
    return pass("403 to each");
  },
};
