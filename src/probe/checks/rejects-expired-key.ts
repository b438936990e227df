import type { Check } from "../check.ts";
import { untestable } from "../check-result.ts";
import { judgeRefusedInTime } from "../judge/judge-lifecycle.ts";
import { sleep } from "../../core/sleep.ts";
import { LIFECYCLE_COST, waitUntil } from "../target/wait.ts";

export const rejectsExpiredKey: Check = {
  id: "rejects-expired-key",
  group: "lifecycle",
  about: "access",
  level: "must",
  expected: "rejects an expired key",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#token-handling"),
  fix: "compare the key's expiry with the clock at every request, and keep the clock synchronized",
  needs: ["accepted", "store"],
  cost: LIFECYCLE_COST,
  async run(target) {
    const { seconds } = await target.canaries.acceptFirst();
    if (seconds === null) return untestable("the server accepts no key that was created in the store");
    // Twice the time that the server took to notice a new key.
    const { key, presented } = await target.canaries.mintExpiring(1 + Math.ceil(2 * seconds));
    if ((await waitUntil(target, presented, "accepted")).seconds === null) {
      return untestable("the server did not accept a short-lived key before it expired");
    }
    // The clock has whole seconds, and may not advance at all.
    const latest = target.now() + (key.expiresAt - target.epoch()) * 1000;
    while (target.epoch() < key.expiresAt && target.now() < latest && target.signal?.aborted !== true) {
      await sleep(50, target.signal);
    }
    return judgeRefusedInTime(target, await waitUntil(target, presented, "refused"), "its expiry");
  },
};
