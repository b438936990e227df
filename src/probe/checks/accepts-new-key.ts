import type { Check } from "../check.ts";
import { fail, untestable } from "../check-result.ts";
import { judgeAcceptedInTime } from "../judge/judge-lifecycle.ts";
import { WAIT_COST } from "../target/wait.ts";

export const acceptsNewKey: Check = {
  id: "accepts-new-key",
  group: "lifecycle",
  about: "conformance",
  level: "should",
  expected: "a key that is made in the store is let in without a restart of the server",
  source: new URL(
    "https://cheatsheetseries.owasp.org/cheatsheets/Secrets_Management_Cheat_Sheet.html#26-secrets-lifecycle",
  ),
  fix: "let the server follow its store, as createVerifier does, and not read it once at its start",
  needs: ["accepted", "store"],
  cost: WAIT_COST,
  async run(target) {
    const result = judgeAcceptedInTime(target, await target.canaries.acceptFirst(), "it was made");
    if ("untestable" in result || result.pass) return result;
    return (await target.lab?.knows(target.key)) === true
      ? fail(`${result.observed}, though your key is in that store`)
      : untestable(`${result.observed}, and your key is not in that store: does the server use it?`);
  },
};
