import { isConversation, isLetIn } from "../verify/attempt.ts";
import { breaks, holds, untestable, type Check } from "../check.ts";
import { NOTHING } from "../mcp/credentials.ts";
import { askLegacy, askModern } from "../mcp/planned-requests.ts";
import { request } from "../mcp/era-legacy.ts";
import { exchangeEach, judgeOpened } from "../judge/judge-granted.ts";
import { findOpen } from "../judge/judge-refused.ts";

export const requiresKeyForHandshake: Check = {
  id: "requires-key-for-handshake",
  group: "door",
  about: "manners",
  level: "must",
  expects: "no handshake and no ping is answered without a key",
  source: new URL(
    "https://modelcontextprotocol.io/specification/2025-11-25/basic/security_best_practices#session-hijacking",
  ),
  mend: "put the guard in front of the MCP handler, the handshake included",
  needs: ["let-in"],
  cost: { requests: 6, wrong: 6 },
  async run(site) {
    if ((await findOpen(site, [NOTHING])) !== null) return untestable("anybody is let in already, past the handshake");
    const { spoken } = site.survey;
    const open: string[] = [];
    for (const greeting of spoken.filter(({ era }) => era !== "modern")) {
      const attempt = await site.present(NOTHING, greeting);
      if (isConversation(attempt) && attempt.server !== null && !isLetIn(attempt))
        open.push(`initialize (${greeting.era})`);
    }
    const errands = spoken.flatMap(({ era, judged }) => {
      if (era === "modern" && judged !== "server/discover") return [askModern("server/discover", site.client)];
      return era === "legacy" && judged !== "ping" ? [askLegacy(request("ping"))] : [];
    });
    const sight = judgeOpened(await exchangeEach(site, errands, [NOTHING]), site);
    if (open.length > 0) return breaks(`answered without a key: ${open.join(" and ")}`);
    return errands.length > 0 ? sight : holds("refused without a key");
  },
};
