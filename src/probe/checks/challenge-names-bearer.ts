import type { Check } from "../check.ts";
import { fail, pass, untestable } from "../check-result.ts";
import { NOTHING } from "../mcp/presented-key.ts";
import { challengeOf, REFUSAL_COST } from "../judge/read-refusal.ts";

export const challengeNamesBearer: Check = {
  id: "challenge-names-bearer",
  group: "responses",
  about: "conformance",
  level: "must",
  expected: "sends a Bearer challenge, with a parameter such as realm",
  source: new URL("https://www.rfc-editor.org/rfc/rfc6750#section-3"),
  fix: 'send WWW-Authenticate: Bearer realm="mcp": clients use the scheme that the challenge names',
  needs: ["accepted", "bearer"],
  cost: REFUSAL_COST,
  async run(target) {
    const challenged = await challengeOf(target, NOTHING);
    if ("untestable" in challenged) return challenged;
    const { header, challenges } = challenged;
    if (challenges === null) return untestable("the challenge cannot be parsed");
    const bearer = challenges.find(({ scheme }) => scheme === "bearer");
    if (bearer === undefined) return fail(`accepts Bearer, but the challenge is: ${target.redact(header)}`);
    if (bearer.parameters.size > 0) return pass(target.redact(header));
    // RFC 6750 requires a parameter, but no client misses it.
    return fail("Bearer without a parameter, which every client understands", { level: "may" });
  },
};
