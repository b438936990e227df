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
  expected: "a key that was revoked is not let in any more, with none of its tokens",
  source: new URL("https://www.rfc-editor.org/rfc/rfc7009#section-2"),
  fix: "judge the key at every request by what the store says of it now, and cache no verdict for longer than seconds",
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
    return fail("the token before a rotation is still let in after the key was revoked");
  },
};
