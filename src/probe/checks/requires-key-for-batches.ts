import type { Check } from "../check.ts";
import { untestable } from "../check-result.ts";
import { NOTHING } from "../mcp/presented-key.ts";
import { BATCH } from "../mcp/planned-request.ts";
import { exchangeEach, isGranted, judgeGranted } from "../judge/judge-granted.ts";
import { findAccepted } from "../judge/judge-refused.ts";

export const requiresKeyForBatches: Check = {
  id: "requires-key-for-batches",
  group: "rejection",
  about: "access",
  level: "must",
  expected: "requires a key for batches of messages",
  source: new URL(
    "https://modelcontextprotocol.io/specification/2025-11-25/basic/security_best_practices#session-hijacking",
  ),
  fix: "put the guard in front of the handler, before the body is read, not around single messages",
  needs: ["accepted", "legacy"],
  cost: { requests: 3, wrong: 2 },
  async run(target) {
    const wrongKeys = [NOTHING, target.wrong];
    const accepted = await findAccepted(target, wrongKeys);
    if (accepted !== null) return untestable(`already accepted with ${accepted.name}`);
    const supportsBatches = isGranted(BATCH, await target.exchange(BATCH, target.valid));
    const result = judgeGranted(await exchangeEach(target, [BATCH], wrongKeys), target);
    return supportsBatches || ("pass" in result && !result.pass) ? result : untestable("the server accepts no batches");
  },
};
