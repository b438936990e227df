import { isAccepted } from "../verify/attempt.ts";
import type { Check } from "../check.ts";
import { fail } from "../check-result.ts";
import { judgeRefusedInTime } from "../judge/judge-lifecycle.ts";
import { askAgain, LIFECYCLE_COST, waitUntil } from "../target/wait.ts";

export const rejectsRevokedKey: Check = {
  id: "rejects-revoked-key",
  group: "lifecycle",
  about: "access",
  level: "must",
  expected: "rejects every token of a revoked key",
  source: new URL("https://www.rfc-editor.org/rfc/rfc7009#section-2"),
  fix: "check the key's state in the store at every request, and cache verdicts for seconds at most",
  needs: ["accepted", "store"],
  cost: LIFECYCLE_COST,
  async run(target) {
    const canary = await target.canaries.take();
    if ("untestable" in canary) return canary;
    const { key, presented, former } = canary;
    await key.revoke();
    const result = await judgeRefusedInTime(target, await waitUntil(target, presented, "refused"), "it was revoked");
    const refused = "pass" in result && result.pass;
    if (!refused || former === undefined || !isAccepted(await askAgain(target, former))) return result;
    return fail("the token from before the rotation is still accepted after the key was revoked");
  },
};
