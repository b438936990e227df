import type { Check } from "../../check.ts";
import { bogusKey, nearlyRight } from "../presented.ts";
import { judgeShut, presentEach } from "../judge-refused.ts";
import type { StdioSite } from "../target.ts";

export const rejectsWrongKey: Check<StdioSite> = {
  id: "rejects-wrong-key",
  group: "door",
  about: "door",
  level: "must",
  essential: true,
  expects: "nobody is let in who starts the program with a bogus key, or with one that is nearly right",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization"),
  mend: "compare the digest of the whole key, not its form, its beginning or its presence",
  cost: { requests: 5, wrong: 4 },
  async run(site) {
    return judgeShut(site, await presentEach(site, [bogusKey(site), ...nearlyRight(site)]));
  },
};
