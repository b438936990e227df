import type { Check } from "../check.ts";
import { untestable } from "../check-result.ts";
import { costOfVariations, tryVariations } from "../judge/try-variations.ts";
import { OTHER_BODIES } from "../variations/bodies.ts";

export const requiresKeyForEveryBody: Check = {
  id: "requires-key-for-every-body",
  group: "rejection",
  about: "access",
  level: "must",
  expected: "requires a key for every content type, encoding and form of a message",
  source: new URL(
    "https://modelcontextprotocol.io/specification/2025-11-25/basic/security_best_practices#session-hijacking",
  ),
  fix: "put the guard in front of the body parser, and let it look at nothing but the key",
  needs: ["accepted"],
  cost: costOfVariations(OTHER_BODIES),
  run(target) {
    if (target.greeting.era === "sse") return Promise.resolve(untestable("the server speaks only HTTP+SSE"));
    return tryVariations(target, OTHER_BODIES, { of: "the body" });
  },
};
