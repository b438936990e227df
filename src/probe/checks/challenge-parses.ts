import { breaks, holds, type Check } from "../check.ts";
import { NOTHING } from "../mcp/credentials.ts";
import { challengeOf, REFUSAL_COST, type Challenged } from "../judge/judge-refusal.ts";

export const challengeParses: Check = {
  id: "challenge-parses",
  group: "manners",
  about: "manners",
  level: "must",
  expects: "the challenge of a 401 is written by the rule, so that a client can read it",
  source: new URL("https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1"),
  mend: 'write it as Bearer realm="mcp", error="invalid_token": commas between parameters, each once, quotes inside a text escaped',
  needs: ["let-in"],
  cost: { requests: 2 * REFUSAL_COST.requests, wrong: 2 * REFUSAL_COST.wrong },
  async run(site) {
    const first = await challengeOf(site, NOTHING);
    const second = await challengeOf(site, site.wrong);
    if ("untestable" in first && "untestable" in second) return first;
    const sent = [first, second].filter((one): one is Challenged => !("untestable" in one));
    const odd = sent.find(({ challenges }) => challenges === null);
    if (odd !== undefined) return breaks(site.clean(odd.header));
    return holds(sent.map(({ header }) => site.clean(header)).join(" and "));
  },
};
