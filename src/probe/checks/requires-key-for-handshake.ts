import { isConversation, isAccepted } from "../verify/attempt.ts";
import type { Check } from "../check.ts";
import { fail, pass, untestable } from "../check-result.ts";
import { NOTHING } from "../mcp/credentials.ts";
import { legacyRequest, modernRequest } from "../mcp/planned-requests.ts";
import { rpcRequest } from "../mcp/rpc-message.ts";
import { exchangeEach, judgeGranted } from "../judge/judge-granted.ts";
import { findAccepted } from "../judge/judge-refused.ts";

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
    if ((await findAccepted(target, [NOTHING])) !== null)
      return untestable("anybody is let in already, past the handshake");
    const { greetings } = target.survey;
    const open: string[] = [];
    for (const greeting of greetings.filter(({ era }) => era !== "modern")) {
      const attempt = await target.present(NOTHING, greeting);
      if (isConversation(attempt) && attempt.server !== null && !isAccepted(attempt))
        open.push(`initialize (${greeting.era})`);
    }
    const plannedRequests = greetings.flatMap(({ era, judged }) => {
      if (era === "modern" && judged !== "server/discover")
        return [modernRequest("server/discover", target.clientInfo)];
      return era === "legacy" && judged !== "ping" ? [legacyRequest(rpcRequest("ping"))] : [];
    });
    const result = judgeGranted(await exchangeEach(target, plannedRequests, [NOTHING]), target);
    if (open.length > 0) return fail(`answered without a key: ${open.join(" and ")}`);
    return plannedRequests.length > 0 ? result : pass("refused without a key");
  },
};
