import type { Check } from "../check.ts";
import { fail, pass, untestable } from "../check-result.ts";
import { NOTHING } from "../mcp/presented-key.ts";
import { withBrokenBody, refusedOpening } from "../judge/read-refusal.ts";

export const rejectsBeforeParsing: Check = {
  id: "rejects-before-parsing",
  group: "responses",
  about: "conformance",
  level: "should",
  expected: "checks the key before it parses the body",
  source: new URL("https://cwe.mitre.org/data/definitions/408.html"),
  fix: "put the guard in front of the body parser",
  needs: ["accepted"],
  cost: { requests: 2, wrong: 2 },
  async run(target) {
    const refused = await refusedOpening(target);
    if ("untestable" in refused) return refused;
    const { planned, answer } = refused;
    const result = await target.exchange(withBrokenBody(planned), NOTHING);
    if (!("status" in result)) return untestable(target.redact(result.message));
    const { status } = result;
    if (status === 401 || status === 403) return pass(`${String(status)} to an invalid body`);
    return fail(`${String(status)} to an invalid body, ${String(answer.status)} to a valid one`);
  },
};
