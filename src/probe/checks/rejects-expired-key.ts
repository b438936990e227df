import type { Check } from "../check.ts";
import { untestable } from "../check-result.ts";
import { judgeRefusedInTime } from "../judge/judge-lifecycle.ts";
import { sleep } from "../mcp/sleep.ts";
import { LIFECYCLE_COST, waitUntil } from "../target/wait.ts";

export const rejectsExpiredKey: Check = {
  id: "rejects-expired-key",
  group: "lifecycle",
  about: "access",
  level: "must",
  expected: "a key is not let in after its expiry",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#token-handling"),
  fix: "compare the expiry of the key with the clock at every request, and keep the clock of the server right",
  needs: ["accepted", "store"],
  cost: LIFECYCLE_COST,
  async run(target) {
    const { seconds } = await target.canaries.acceptFirst();
    if (seconds === null) return untestable("no key that was made in the store is let in");
    // Long enough for the server to take notice of it twice over.
    const { key, presented } = await target.canaries.mintExpiring(1 + Math.ceil(2 * seconds));
    if ((await waitUntil(target, presented, "accepted")).seconds === null) {
      return untestable("a key with a short life was not let in before it expired");
    }
    // The clock shows whole seconds, and may stand still.
    const latest = target.now() + (key.expiresAt - target.epoch()) * 1000;
    while (target.epoch() < key.expiresAt && target.now() < latest && target.signal?.aborted !== true) {
      await sleep(50, target.signal);
    }
    return judgeRefusedInTime(target, await waitUntil(target, presented, "refused"), "its expiry");
  },
};
