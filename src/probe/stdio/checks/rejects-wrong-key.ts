import type { Check } from "../../check.ts";
import { bogusKey, nearlyValidKeys } from "../program-keys.ts";
import { judgeRefused, presentEach } from "../judge-refused.ts";
import type { StdioTarget } from "../target.ts";

export const rejectsWrongKey: Check<StdioTarget> = {
  id: "rejects-wrong-key",
  group: "rejection",
  about: "access",
  level: "must",
  essential: true,
  expected: "rejects a bogus key and nearly valid keys",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization"),
  fix: "compare the digest of the whole key, not its form, its start or its presence",
  cost: { requests: 5, wrong: 4 },
  async run(target) {
    return judgeRefused(target, await presentEach(target, [bogusKey(target), ...nearlyValidKeys(target)]));
  },
};
