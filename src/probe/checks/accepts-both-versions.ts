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
  expected: "accepts both tokens after a rotation, until the overlap ends",
  source: new URL(
    "https://cheatsheetseries.owasp.org/cheatsheets/Secrets_Management_Cheat_Sheet.html#26-secrets-lifecycle",
  ),
  fix: "let a key have several versions, and accept every version that is still valid",
  needs: ["accepted", "store"],
  cost: LIFECYCLE_COST,
  async run(target) {
    const canary = await target.canaries.take();
    if ("untestable" in canary) return canary;
    const former = canary.presented;
    const presented = target.canaries.toPresentedKey(await canary.key.rotate());
    const result = judgeAcceptedInTime(target, await waitUntil(target, presented, "accepted"), "the rotation");
    if ("untestable" in result || !result.pass) return result;
    const old = await askAgain(target, former);
    if (isInconclusive(old)) return untestable(`the old token: ${describeAttempt(old, target)}`);
    if (!isAccepted(old))
      return fail(`accepted with the new token, and ${describeAttempt(old, target)} with the old one`);
    target.canaries.giveBack({ ...canary, presented, former });
    return pass(`${result.observed}, and the old token still works`);
  },
};
