import { isConversation, isAccepted } from "../verify/attempt.ts";
import { fail, pass, untestable, type Check } from "../check.ts";
import { NOTHING } from "../mcp/credentials.ts";
import { askLegacy, askModern } from "../mcp/planned-requests.ts";
import { request } from "../mcp/era-legacy.ts";
import { exchangeEach, judgeGranted } from "../judge/judge-granted.ts";
import { findOpen } from "../judge/judge-refused.ts";

export const requiresKeyForHandshake: Check = {
  id: "requires-key-for-handshake",
  group: "rejection",
  about: "conformance",
  level: "must",
  expected: "no handshake and no ping is answered without a key",
  source: new URL(
    "https://modelcontextprotocol.io/specification/2025-11-25/basic/security_best_practices#session-hijacking",
  ),
  fix: "put the guard in front of the MCP handler, the handshake included",
  needs: ["accepted"],
  cost: { requests: 6, wrong: 6 },
  async run(target) {
    if ((await findOpen(target, [NOTHING])) !== null)
      return untestable("anybody is let in already, past the handshake");
    const { spoken } = target.survey;
    const open: string[] = [];
    for (const greeting of spoken.filter(({ era }) => era !== "modern")) {
      const attempt = await target.present(NOTHING, greeting);
      if (isConversation(attempt) && attempt.server !== null && !isAccepted(attempt))
        open.push(`initialize (${greeting.era})`);
    }
    const plannedRequests = spoken.flatMap(({ era, judged }) => {
      if (era === "modern" && judged !== "server/discover") return [askModern("server/discover", target.client)];
      return era === "legacy" && judged !== "ping" ? [askLegacy(request("ping"))] : [];
    });
    const result = judgeGranted(await exchangeEach(target, plannedRequests, [NOTHING]), target);
    if (open.length > 0) return fail(`answered without a key: ${open.join(" and ")}`);
    return plannedRequests.length > 0 ? result : pass("refused without a key");
  },
};
