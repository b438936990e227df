import type { Check } from "../check.ts";
import { fail, untestable } from "../check-result.ts";
import { judgeAcceptedInTime } from "../judge/judge-lifecycle.ts";
import { WAIT_COST } from "../target/wait.ts";

export const acceptsNewKey: Check = {
  id: "accepts-new-key",
  group: "lifecycle",
  about: "conformance",
  level: "should",
  expected: "accepts a new key without a restart",
  source: new URL(
    "https://cheatsheetseries.owasp.org/cheatsheets/Secrets_Management_Cheat_Sheet.html#26-secrets-lifecycle",
  ),
  fix: "follow the store, as createVerifier does, instead of reading it once at startup",
  needs: ["accepted", "store"],
  cost: WAIT_COST,
  async run(target) {
    const result = judgeAcceptedInTime(target, await target.canaries.acceptFirst(), "it was created");
    if ("untestable" in result || result.pass) return result;
    return (await target.lab?.knows(target.key)) === true
      ? fail(`${result.observed}, although your key is in that store`)
      : untestable(`${result.observed}; your key is not in that store either: does the server use another one?`);
  },
};
