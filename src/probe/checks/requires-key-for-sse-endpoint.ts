import { untestable, type Check } from "../check.ts";
import { NOTHING } from "../mcp/credentials.ts";
import { speakSse } from "../mcp/era-sse.ts";
import { attempt } from "../verify/present.ts";
import { findOpen, judgeShut } from "../judge/judge-refused.ts";

export const requiresKeyForSseEndpoint: Check = {
  id: "requires-key-for-sse-endpoint",
  group: "door",
  about: "door",
  level: "must",
  expects: "the address that your stream of HTTP+SSE names takes no message without your key",
  source: new URL(
    "https://modelcontextprotocol.io/specification/2025-11-25/basic/security_best_practices#session-hijacking",
  ),
  mend: "put the guard in front of the address for messages as well as of the stream; the id in it is a name, and proves nothing",
  needs: ["sse"],
  cost: { requests: 6, wrong: 4 },
  async run(site) {
    const strangers = [NOTHING, site.wrong];
    const open = await findOpen(site, strangers);
    if (open !== null) return untestable(`${open.name} is let in already`);
    const each = strangers.map(async (credentials) => {
      const speak = () => speakSse(site.wire(site.right), site.greeting, site.wire(credentials));
      return { credentials, attempt: await attempt(speak) };
    });
    return judgeShut(site, await Promise.all(each));
  },
};
