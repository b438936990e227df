import type { Check } from "../check.ts";
import { costOfVariations, tryVariations } from "../judge/try-variations.ts";
import { otherPaths } from "../variations/paths.ts";

export const requiresKeyForEveryPath: Check = {
  id: "requires-key-for-every-path",
  group: "rejection",
  about: "access",
  level: "must",
  expected: "requires a key for every spelling of its path, and for other paths to the same server",
  source: new URL(
    "https://modelcontextprotocol.io/specification/2025-11-25/basic/security_best_practices#session-hijacking",
  ),
  fix: "put the guard around the handler itself, not around one spelling of its path",
  needs: ["accepted"],
  cost: costOfVariations(otherPaths(new URL("http://host.example/api/tools"), "modern")),
  run(target) {
    return tryVariations(target, otherPaths(target.url, target.greeting.era), { of: "the path" });
  },
};
