import type { Check } from "../../check.ts";
import { EMPTY, NOTHING } from "../program-keys.ts";
import { judgeRefused, presentEach } from "../judge-refused.ts";
import type { StdioTarget } from "../target.ts";

export const requiresKey: Check<StdioTarget> = {
  id: "requires-key",
  group: "rejection",
  about: "access",
  level: "must",
  essential: true,
  expected: "rejects a missing key and an empty key",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization"),
  fix: "check the key before the server connects, for example with requireApiKeyFromEnv",
  cost: { requests: 3, wrong: 2 },
  async run(target) {
    return judgeRefused(target, await presentEach(target, [NOTHING, EMPTY]));
  },
};
