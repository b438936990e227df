import type { Check } from "../check.ts";
import { costOfVariations, tryVariations } from "../judge/try-variations.ts";
import { OTHER_METHODS } from "../variations/methods.ts";

export const requiresKeyForEveryMethod: Check = {
  id: "requires-key-for-every-method",
  group: "rejection",
  about: "access",
  level: "must",
  expected: "requires a key for every HTTP method",
  source: new URL(
    "https://modelcontextprotocol.io/specification/2025-11-25/basic/security_best_practices#session-hijacking",
  ),
  fix: "put the guard in front of every method, and answer 405 to methods that MCP does not use",
  needs: ["accepted", "http"],
  cost: costOfVariations(OTHER_METHODS),
  run(target) {
    return tryVariations(target, OTHER_METHODS, { of: "the method" });
  },
};
