import { isAccepted } from "../verify/attempt.ts";
import type { Check } from "../check.ts";
import { addCosts, fail } from "../check-result.ts";
import { noteTried } from "../judge/evidence.ts";
import { judgeRefusedInTime } from "../judge/judge-lifecycle.ts";
import { STREAM_COST } from "../target/open-stream.ts";
import { askAgain, LIFECYCLE_COST } from "../target/wait.ts";

export const rejectsRevokedKey: Check = {
  id: "rejects-revoked-key",
  group: "lifecycle",
  about: "access",
  level: "must",
  expected: "rejects every token of a revoked key",
  source: new URL("https://www.rfc-editor.org/rfc/rfc7009#section-2"),
  fix: "check the key's state in the store at every request, and cache verdicts for seconds at most",
  needs: ["accepted", "store"],
  cost: addCosts([LIFECYCLE_COST, STREAM_COST]),
  async run(target) {
    const revoked = await target.canaries.revoke();
    if ("untestable" in revoked) return revoked;
    const { waited, canary } = revoked;
    const result = await judgeRefusedInTime(target, waited, "it was revoked");
    const refused = "pass" in result && result.pass;
    if (!refused || canary.former === undefined) return result;
    const former = await askAgain(target, canary.former);
    if (!isAccepted(former)) return result;
    const tried = noteTried(target, [{ what: "the token from before the rotation", result: former, shows: true }]);
    return fail("the token from before the rotation is still accepted after the key was revoked", { tried });
  },
};
