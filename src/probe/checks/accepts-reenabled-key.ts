import type { Check } from "../check.ts";
import { untestable } from "../check-result.ts";
import { judgeAcceptedInTime } from "../judge/judge-lifecycle.ts";
import { LIFECYCLE_COST, waitUntil } from "../target/wait.ts";

export const acceptsReenabledKey: Check = {
  id: "accepts-reenabled-key",
  group: "lifecycle",
  about: "conformance",
  level: "should",
  expected: "accepts a key that was disabled and enabled again",
  source: new URL(
    "https://cheatsheetseries.owasp.org/cheatsheets/Secrets_Management_Cheat_Sheet.html#26-secrets-lifecycle",
  ),
  fix: "do not remember rejected keys: ask the store at every request, or follow it",
  needs: ["accepted", "store"],
  cost: LIFECYCLE_COST,
  async run(target) {
    const disabled = await target.canaries.disable();
    if ("untestable" in disabled) return disabled;
    const { canary, waited } = disabled;
    if (waited.seconds === null) return untestable("the server did not reject it while it was disabled");
    await canary.key.enable();
    const again = await waitUntil(target, canary.presented, "accepted");
    if (again.seconds !== null) target.canaries.giveBack(canary);
    return judgeAcceptedInTime(target, again, "it was enabled");
  },
};
