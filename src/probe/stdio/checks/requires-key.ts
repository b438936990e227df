import type { Check } from "../../check.ts";
import { EMPTY, NOTHING } from "../presented.ts";
import { judgeRefused, presentEach } from "../judge-refused.ts";
import type { StdioTarget } from "../target.ts";

export const requiresKey: Check<StdioTarget> = {
  id: "requires-key",
  group: "rejection",
  about: "access",
  level: "must",
  essential: true,
  expected: "nobody is let in who starts the program without a key, or with an empty one",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization"),
  fix: "check the key before the server connects, such as with requireApiKeyFromEnv",
  cost: { requests: 3, wrong: 2 },
  async run(target) {
    return judgeRefused(target, await presentEach(target, [NOTHING, EMPTY]));
  },
};
