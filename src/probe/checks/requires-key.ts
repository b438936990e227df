import type { Check } from "../check.ts";
import { NOTHING } from "../mcp/credentials.ts";
import { costOf, judgeShut, presentEach } from "../judge/judge-refused.ts";

export const requiresKey: Check = {
  id: "requires-key",
  group: "door",
  about: "door",
  level: "must",
  essential: true,
  expects: "nobody is let in without a key",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#token-handling"),
  mend: "put the guard in front of the MCP handler, for every method and path",
  cost: costOf(0),
  async run(site) {
    return judgeShut(site, await presentEach(site, [NOTHING]));
  },
};
