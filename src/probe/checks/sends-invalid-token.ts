import { breaks, holds, type Check } from "../check.ts";
import { bearerOf, REFUSAL_COST } from "../judge/judge-refusal.ts";

export const sendsInvalidToken: Check = {
  id: "sends-invalid-token",
  group: "manners",
  about: "manners",
  level: "should",
  expects: 'the challenge to a key that the server does not know holds error="invalid_token"',
  source: new URL("https://www.rfc-editor.org/rfc/rfc6750#section-3.1"),
  mend: 'send WWW-Authenticate: Bearer realm="mcp", error="invalid_token" when a key was sent and is not valid',
  needs: ["let-in", "bearer"],
  cost: REFUSAL_COST,
  async run(site) {
    const bearer = await bearerOf(site, site.wrong);
    if ("untestable" in bearer) return bearer;
    const error = bearer.parameters.get("error");
    if (error === "invalid_token") return holds('error="invalid_token"');
    return breaks(error === undefined ? "no error in the challenge" : `error="${site.clean(error, 100)}"`);
  },
};
