import { untestable, type Check } from "../check.ts";
import { NOTHING } from "../mcp/credentials.ts";
import { BATCH } from "../mcp/planned-requests.ts";
import { exchangeEach, isOpened, judgeOpened } from "../judge/judge-granted.ts";
import { findOpen } from "../judge/judge-refused.ts";

export const requiresKeyForBatches: Check = {
  id: "requires-key-for-batches",
  group: "door",
  about: "door",
  level: "must",
  expects: "a list of messages gets no answer without your key",
  source: new URL(
    "https://modelcontextprotocol.io/specification/2025-11-25/basic/security_best_practices#session-hijacking",
  ),
  mend: "put the guard in front of the handler, before the body is read, not around single messages",
  needs: ["let-in", "legacy"],
  cost: { requests: 3, wrong: 2 },
  async run(site) {
    const strangers = [NOTHING, site.wrong];
    const open = await findOpen(site, strangers);
    if (open !== null) return untestable(`${open.name} is let in already`);
    const takes = isOpened(BATCH, await site.exchange(BATCH, site.right));
    const sight = judgeOpened(await exchangeEach(site, [BATCH], strangers), site);
    return takes || ("holds" in sight && !sight.holds) ? sight : untestable("the server takes no lists of messages");
  },
};
