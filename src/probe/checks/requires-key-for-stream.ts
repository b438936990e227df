import type { Check } from "../check.ts";
import { untestable } from "../check-result.ts";
import { NOTHING } from "../mcp/presented-key.ts";
import { STREAM } from "../mcp/planned-request.ts";
import { exchangeEach, isGranted, judgeGranted } from "../judge/judge-granted.ts";
import { findAccepted } from "../judge/judge-refused.ts";

export const requiresKeyForStream: Check = {
  id: "requires-key-for-stream",
  group: "rejection",
  about: "access",
  level: "must",
  expected: "requires a key for event streams",
  source: new URL(
    "https://modelcontextprotocol.io/specification/2025-11-25/basic/security_best_practices#session-hijacking",
  ),
  fix: "put the guard in front of GET as well as POST",
  needs: ["accepted"],
  cost: { requests: 3, wrong: 2 },
  async run(target) {
    const wrongKeys = [NOTHING, target.wrong];
    const accepted = await findAccepted(target, wrongKeys);
    if (accepted !== null) return untestable(`already accepted with ${accepted.name}`);
    if (!isGranted(STREAM, await target.exchange(STREAM, target.valid))) {
      return untestable("the server opens no stream outside a session");
    }
    return judgeGranted(await exchangeEach(target, [STREAM], wrongKeys), target);
  },
};
