import type { Check } from "../check.ts";
import { fail, pass } from "../check-result.ts";
import { NOTHING } from "../mcp/presented-key.ts";
import { bearerOf, REFUSAL_COST } from "../judge/read-refusal.ts";

const ERRORS = ["error", "error_description", "error_uri"];

export const omitsErrorWithoutKey: Check = {
  id: "omits-error-without-key",
  group: "responses",
  about: "conformance",
  level: "should",
  expected: "sends no error in the challenge to a request without a key",
  source: new URL("https://www.rfc-editor.org/rfc/rfc6750#section-3.1"),
  fix: "omit error and error_description if no key was sent: clients read invalid_token as a key that became invalid",
  needs: ["accepted", "bearer"],
  cost: REFUSAL_COST,
  async run(target) {
    const bearer = await bearerOf(target, NOTHING);
    if ("untestable" in bearer) return bearer;
    const [name] = ERRORS.filter((one) => bearer.parameters.has(one));
    if (name === undefined) return pass("no error");
    return fail(`${name}="${target.redact(bearer.parameters.get(name) ?? "", 100)}" although no key was sent`);
  },
};
