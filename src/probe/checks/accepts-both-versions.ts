import { isAccepted, isInconclusive } from "../verify/attempt.ts";
import { fail, pass, untestable, type Check } from "../check.ts";
import { judgeBegin } from "../target/canaries.ts";
import { describe } from "../judge/judge-refused.ts";
import { askAnew, LIFE_COST, waitUntil } from "../target/wait.ts";

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
  cost: LIFE_COST,
  async run(target) {
    const canary = await target.canaries.take();
    if ("untestable" in canary) return canary;
    const former = canary.presented;
    const presented = target.canaries.present(await canary.key.rotate());
    const result = judgeBegin(target, await waitUntil(target, presented, "in"), "the rotation");
    if ("untestable" in result || !result.pass) return result;
    const old = await askAnew(target, former);
    if (isInconclusive(old)) return untestable(`the old token: ${describe(old, target)}`);
    if (!isAccepted(old)) return fail(`the new token is let in, and the old one gets ${describe(old, target)}`);
    target.canaries.give({ ...canary, presented, former });
    return pass(`${result.observed}, and the old token still is`);
  },
};
