import { breaks, holds, untestable, type Check } from "../check.ts";
import { NOTHING } from "../mcp/credentials.ts";
import { challengeOf, REFUSAL_COST } from "../judge/judge-refusal.ts";

export const challengeNamesBearer: Check = {
  id: "challenge-names-bearer",
  group: "manners",
  about: "manners",
  level: "must",
  expects: "the challenge names the scheme Bearer, with a parameter at least",
  source: new URL("https://www.rfc-editor.org/rfc/rfc6750#section-3"),
  mend: 'send WWW-Authenticate: Bearer realm="mcp": what is asked for is what a client sends',
  needs: ["let-in", "bearer"],
  cost: REFUSAL_COST,
  async run(site) {
    const challenged = await challengeOf(site, NOTHING);
    if ("untestable" in challenged) return challenged;
    const { header, challenges } = challenged;
    if (challenges === null) return untestable("the challenge cannot be read");
    const bearer = challenges.find(({ scheme }) => scheme === "bearer");
    if (bearer === undefined) return breaks(`a key is taken as Bearer, and asked for as: ${site.clean(header)}`);
    return bearer.parameters.size === 0 ? breaks("Bearer without a parameter") : holds(site.clean(header));
  },
};
