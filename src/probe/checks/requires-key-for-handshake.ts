import { isConversation, isAccepted } from "../verify/attempt.ts";
import type { Check } from "../check.ts";
import { fail, pass, untestable } from "../check-result.ts";
import { NOTHING } from "../mcp/presented-key.ts";
import { legacyRequest, modernRequest } from "../mcp/planned-request.ts";
import { rpcRequest } from "../mcp/rpc-message.ts";
import { exchangeEach, judgeGranted } from "../judge/judge-granted.ts";
import { findAccepted } from "../judge/judge-refused.ts";

export const requiresKeyForHandshake: Check = {
  id: "requires-key-for-handshake",
  group: "rejection",
  about: "conformance",
  level: "must",
  expected: "requires a key for the handshake and for ping",
  source: new URL(
    "https://modelcontextprotocol.io/specification/2025-11-25/basic/security_best_practices#session-hijacking",
  ),
  fix: "put the guard in front of the whole MCP handler, including the handshake",
  needs: ["accepted"],
  cost: { requests: 6, wrong: 6 },
  async run(target) {
    if ((await findAccepted(target, [NOTHING])) !== null)
      return untestable("the server accepts requests without a key, not only the handshake");
    const { greetings } = target.survey;
    const answered: string[] = [];
    for (const greeting of greetings.filter(({ era }) => era !== "modern")) {
      const attempt = await target.present(NOTHING, greeting);
      if (isConversation(attempt) && attempt.server !== null && !isAccepted(attempt))
        answered.push(`initialize (${greeting.era})`);
    }
    const plannedRequests = greetings.flatMap(({ era, judged }) => {
      if (era === "modern" && judged !== "server/discover")
        return [modernRequest("server/discover", target.clientInfo)];
      return era === "legacy" && judged !== "ping" ? [legacyRequest(rpcRequest("ping"))] : [];
    });
    const result = judgeGranted(await exchangeEach(target, plannedRequests, [NOTHING]), target);
    if (answered.length > 0) return fail(`answered without a key: ${answered.join(" and ")}`);
    return plannedRequests.length > 0 ? result : pass("rejected without a key");
  },
};
