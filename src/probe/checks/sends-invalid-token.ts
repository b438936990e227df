import type { Check } from "../check.ts";
import { fail, pass } from "../check-result.ts";
import { bearerOf, REFUSAL_COST } from "../judge/read-refusal.ts";

export const sendsInvalidToken: Check = {
  id: "sends-invalid-token",
  group: "responses",
  about: "conformance",
  level: "should",
  expected: 'sends error="invalid_token" in the challenge to an unknown key',
  source: new URL("https://www.rfc-editor.org/rfc/rfc6750#section-3.1"),
  fix: 'send WWW-Authenticate: Bearer realm="mcp", error="invalid_token" to an invalid key',
  needs: ["accepted", "bearer"],
  cost: REFUSAL_COST,
  async run(target) {
    const bearer = await bearerOf(target, target.wrong);
    if ("untestable" in bearer) return bearer;
    const error = bearer.parameters.get("error");
    if (error === "invalid_token") return pass('error="invalid_token"');
    return fail(error === undefined ? "no error in the challenge" : `error="${target.redact(error, 100)}"`);
  },
};
