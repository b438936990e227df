import { isConversation, isLetIn, isUnproven } from "../verify/attempt.ts";
import { breaks, holds, untestable, type Check } from "../check.ts";
import { foreignOrigins, fromPage } from "../judge/foreign-origin.ts";
import { describe, nameAll, presentEach } from "../judge/judge-refused.ts";

/** From this revision on the answer is 403; before, the origin had to be looked at. */
const SINCE = "2025-11-25";

export const rejectsForeignOrigin: Check = {
  id: "rejects-foreign-origin",
  group: "browser",
  about: "manners",
  level: "must",
  expects: "a request from a page of another origin gets 403, also with the key",
  source: new URL("https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#security-warning"),
  mend: "compare Origin whole with a list of origins that may use the server, and answer 403 to all others",
  needs: ["let-in"],
  cost: { requests: 18, wrong: 0 },
  async run(site) {
    const pages = foreignOrigins(site).map(({ origin, of }) => fromPage(site, origin, of));
    const trials = await presentEach(site, pages);
    const inside = trials.filter(({ attempt }) => isLetIn(attempt));
    if (inside.length > 0) return breaks(`let in: ${nameAll(inside.map(({ credentials }) => credentials))}`);
    for (const { credentials, attempt } of trials) {
      if (!isConversation(attempt) || isUnproven(attempt)) {
        return untestable(`${credentials.name}: ${describe(attempt, site)}`);
      }
      const { status } = attempt.answer;
      const early = (site.survey.spoken[0]?.protocolVersion ?? SINCE) < SINCE;
      if (status === 403 || (early && status >= 400)) continue;
      if (!isLetIn(await site.presentAgain(site.right))) return untestable("your key is let in once and not again");
      return breaks(`${String(status)} and not 403 to ${credentials.name}`);
    }
    return holds("403 to each");
  },
};
