import { breaks, holds, type Check } from "../check.ts";
import { NOTHING } from "../mcp/credentials.ts";
import { bearerOf, REFUSAL_COST } from "../judge/judge-refusal.ts";

const ERRORS = ["error", "error_description", "error_uri"];

export const omitsErrorWithoutKey: Check = {
  id: "omits-error-without-key",
  group: "manners",
  about: "manners",
  level: "should",
  expects: "the challenge to a request without a key holds no error, since nothing was wrong yet",
  source: new URL("https://www.rfc-editor.org/rfc/rfc6750#section-3.1"),
  mend: "leave error and error_description out where no key was sent; clients take invalid_token for a key that went bad",
  needs: ["let-in", "bearer"],
  cost: REFUSAL_COST,
  async run(site) {
    const bearer = await bearerOf(site, NOTHING);
    if ("untestable" in bearer) return bearer;
    const [name] = ERRORS.filter((one) => bearer.parameters.has(one));
    if (name === undefined) return holds("no error");
    return breaks(`${name}="${site.clean(bearer.parameters.get(name) ?? "", 100)}" though nothing was sent`);
  },
};
