import type { Check } from "../check.ts";
import { untestable } from "../check-result.ts";
import { SWEEP_COST, trySwept } from "../judge/sweep.ts";

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
  cost: SWEEP_COST,
  run(target) {
    if (target.greeting.era === "sse") return Promise.resolve(untestable("the server speaks only HTTP+SSE"));
    return trySwept(target, "body", "the body");
  },
};
