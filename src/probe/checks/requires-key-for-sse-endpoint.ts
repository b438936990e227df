import type { Check } from "../check.ts";
import { untestable } from "../check-result.ts";
import { NOTHING } from "../mcp/credentials.ts";
import { speakSse } from "../mcp/era-sse.ts";
import { attempt } from "../verify/present.ts";
import { findAccepted, judgeRefused } from "../judge/judge-refused.ts";

export const requiresKeyForSseEndpoint: Check = {
  id: "requires-key-for-sse-endpoint",
  group: "rejection",
  about: "access",
  level: "must",
  expected: "the address that your stream of HTTP+SSE names takes no message without your key",
  source: new URL(
    "https://modelcontextprotocol.io/specification/2025-11-25/basic/security_best_practices#session-hijacking",
  ),
  fix: "put the guard in front of the address for messages as well as of the stream; the id in it is a name, and proves nothing",
  needs: ["sse"],
  cost: { requests: 6, wrong: 4 },
  async run(target) {
    const wrongKeys = [NOTHING, target.wrong];
    const open = await findAccepted(target, wrongKeys);
    if (open !== null) return untestable(`${open.name} is let in already`);
    const each = wrongKeys.map(async (credentials) => {
      const speak = () => speakSse(target.wire(target.right), target.greeting, target.wire(credentials));
      return { credentials, attempt: await attempt(speak) };
    });
    return judgeRefused(target, await Promise.all(each));
  },
};
