import { breaks, holds, untestable, type Check } from "../check.ts";
import { NOTHING } from "../mcp/credentials.ts";
import { cutShort, refusedBeginning } from "../judge/judge-refusal.ts";

export const rejectsBeforeParsing: Check = {
  id: "rejects-before-parsing",
  group: "manners",
  about: "manners",
  level: "should",
  expects: "a body that is not JSON is refused without a key just as a good one is",
  source: new URL("https://cwe.mitre.org/data/definitions/408.html"),
  mend: "put the guard in front of the body parser, so that nobody without a key reaches it",
  needs: ["let-in"],
  cost: { requests: 2, wrong: 2 },
  async run(site) {
    const refused = await refusedBeginning(site);
    if ("untestable" in refused) return refused;
    const { errand, answer } = refused;
    const seen = await site.exchange(cutShort(errand), NOTHING);
    if (!("status" in seen)) return untestable(site.clean(seen.message));
    const { status } = seen;
    if (status === 401 || status === 403) return holds(`${String(status)} to a body cut short`);
    return breaks(`${String(status)} to a body cut short, ${String(answer.status)} to a whole one`);
  },
};
