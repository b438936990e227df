import type { Check } from "../check.ts";
import { NOTHING } from "../mcp/presented-key.ts";
import { costOf, judgeRefused, presentEach } from "../judge/judge-refused.ts";

export const requiresKey: Check = {
  id: "requires-key",
  group: "rejection",
  about: "access",
  level: "must",
  essential: true,
  expected: "rejects requests without a key",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#token-handling"),
  fix: "put the guard in front of the MCP handler, for every method and path",
  cost: costOf(0),
  async run(target) {
    return judgeRefused(target, await presentEach(target, [NOTHING]));
  },
};
