import type { Check } from "../../check.ts";
import { EMPTY, NOTHING } from "../presented.ts";
import { judgeShut, presentEach } from "../judge-refused.ts";
import type { StdioSite } from "../target.ts";

export const requiresKey: Check<StdioSite> = {
  id: "requires-key",
  group: "door",
  about: "door",
  level: "must",
  essential: true,
  expects: "nobody is let in who starts the program without a key, or with an empty one",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization"),
  mend: "check the key before the server connects, such as with requireApiKeyFromEnv",
  cost: { requests: 3, wrong: 2 },
  async run(site) {
    return judgeShut(site, await presentEach(site, [NOTHING, EMPTY]));
  },
};
