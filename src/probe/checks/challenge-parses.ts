import type { Check } from "../check.ts";
import { fail, pass } from "../check-result.ts";
import { NOTHING } from "../mcp/presented-key.ts";
import { challengeOf, REFUSAL_COST, type ReceivedChallenge } from "../judge/read-refusal.ts";

export const challengeParses: Check = {
  id: "challenge-parses",
  group: "responses",
  about: "conformance",
  level: "must",
  expected: "sends a challenge that clients can parse",
  source: new URL("https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1"),
  fix: 'write it as Bearer realm="mcp", error="invalid_token": separate parameters with commas, send each once, escape quotes in values',
  needs: ["accepted"],
  cost: { requests: 2 * REFUSAL_COST.requests, wrong: 2 * REFUSAL_COST.wrong },
  async run(target) {
    const first = await challengeOf(target, NOTHING);
    const second = await challengeOf(target, target.wrong);
    if ("untestable" in first && "untestable" in second) return first;
    const sent = [first, second].filter((one): one is ReceivedChallenge => !("untestable" in one));
    const invalid = sent.find(({ challenges }) => challenges === null);
    if (invalid !== undefined) return fail(target.redact(invalid.header));
    return pass(sent.map(({ header }) => target.redact(header)).join(" and "));
  },
};
