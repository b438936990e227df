import { untestable, type Check } from "../check.ts";
import { NOTHING } from "../mcp/credentials.ts";
import { STREAM } from "../mcp/planned-requests.ts";
import { exchangeEach, isOpened, judgeOpened } from "../judge/judge-granted.ts";
import { findOpen } from "../judge/judge-refused.ts";

export const requiresKeyForStream: Check = {
  id: "requires-key-for-stream",
  group: "door",
  about: "door",
  level: "must",
  expects: "no stream of events opens without your key",
  source: new URL(
    "https://modelcontextprotocol.io/specification/2025-11-25/basic/security_best_practices#session-hijacking",
  ),
  mend: "put the guard in front of GET as well as POST",
  needs: ["let-in"],
  cost: { requests: 3, wrong: 2 },
  async run(site) {
    const strangers = [NOTHING, site.wrong];
    const open = await findOpen(site, strangers);
    if (open !== null) return untestable(`${open.name} is let in already`);
    if (!isOpened(STREAM, await site.exchange(STREAM, site.right))) {
      return untestable("the server opens no stream outside a session");
    }
    return judgeOpened(await exchangeEach(site, [STREAM], strangers), site);
  },
};
