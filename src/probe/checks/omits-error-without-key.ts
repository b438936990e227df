import type { Check } from "../check.ts";
import { fail, pass } from "../check-result.ts";
import { NOTHING } from "../mcp/credentials.ts";
import { bearerOf, REFUSAL_COST } from "../judge/judge-refusal.ts";

const ERRORS = ["error", "error_description", "error_uri"];

export const omitsErrorWithoutKey: Check = {
  id: "omits-error-without-key",
  group: "responses",
  about: "conformance",
  level: "should",
  expected: "the challenge to a request without a key holds no error, since nothing was wrong yet",
  source: new URL("https://www.rfc-editor.org/rfc/rfc6750#section-3.1"),
  fix: "leave error and error_description out where no key was sent; clients take invalid_token for a key that went bad",
  needs: ["accepted", "bearer"],
  cost: REFUSAL_COST,
  async run(target) {
    const bearer = await bearerOf(target, NOTHING);
    if ("untestable" in bearer) return bearer;
    const [name] = ERRORS.filter((one) => bearer.parameters.has(one));
    if (name === undefined) return pass("no error");
    return fail(`${name}="${target.redact(bearer.parameters.get(name) ?? "", 100)}" though nothing was sent`);
  },
};
