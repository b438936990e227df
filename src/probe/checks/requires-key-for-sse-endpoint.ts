import type { Check } from "../check.ts";
import { untestable } from "../check-result.ts";
import { NOTHING } from "../mcp/presented-key.ts";
import { speakSse } from "../mcp/era-sse.ts";
import { attempt } from "../verify/attempt.ts";
import { findAccepted, judgeRefused } from "../judge/judge-refused.ts";

export const requiresKeyForSseEndpoint: Check = {
  id: "requires-key-for-sse-endpoint",
  group: "rejection",
  about: "access",
  level: "must",
  expected: "requires a key for messages to the endpoint of an SSE stream",
  source: new URL(
    "https://modelcontextprotocol.io/specification/2025-11-25/basic/security_best_practices#session-hijacking",
  ),
  fix: "put the guard in front of the message endpoint and of the stream: the id in the endpoint's URL proves nothing",
  needs: ["sse"],
  cost: { requests: 6, wrong: 4 },
  async run(target) {
    const wrongKeys = [NOTHING, target.wrong];
    const accepted = await findAccepted(target, wrongKeys);
    if (accepted !== null) return untestable(`already accepted with ${accepted.name}`);
    const greeting = target.survey.greetings.find(({ era }) => era === "sse");
    const each = wrongKeys.map(async (presented) => {
      const speak = () => speakSse(target.wire(target.valid), greeting, { poster: target.wire(presented) });
      return { presented, attempt: await attempt(speak) };
    });
    return judgeRefused(target, await Promise.all(each));
  },
};
