import { isAccepted, isInconclusive } from "../verify/attempt.ts";
import type { Check } from "../check.ts";
import { fail, pass, untestable } from "../check-result.ts";
import { judgeAcceptedInTime } from "../judge/judge-lifecycle.ts";
import { describeAttempt } from "../judge/judge-refused.ts";
import { askAgain, LIFECYCLE_COST, waitUntil } from "../target/wait.ts";

export const acceptsBothVersions: Check = {
  id: "accepts-both-versions",
  group: "lifecycle",
  about: "conformance",
  level: "should",
  expected: "after a rotation the new token is let in, and the old one too until the overlap ends",
  source: new URL(
    "https://cheatsheetseries.owasp.org/cheatsheets/Secrets_Management_Cheat_Sheet.html#26-secrets-lifecycle",
  ),
  fix: "let a key have several versions, and look for the token among all that still work",
  needs: ["accepted", "store"],
  cost: LIFECYCLE_COST,
  async run(target) {
    const canary = await target.canaries.take();
    if ("untestable" in canary) return canary;
    const former = canary.presented;
    const presented = target.canaries.credentialsFor(await canary.key.rotate());
    const result = judgeAcceptedInTime(target, await waitUntil(target, presented, "accepted"), "the rotation");
    if ("untestable" in result || !result.pass) return result;
    const old = await askAgain(target, former);
    if (isInconclusive(old)) return untestable(`the old token: ${describeAttempt(old, target)}`);
    if (!isAccepted(old)) return fail(`the new token is let in, and the old one gets ${describeAttempt(old, target)}`);
    target.canaries.giveBack({ ...canary, presented, former });
    return pass(`${result.observed}, and the old token still is`);
  },
};
