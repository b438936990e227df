import type { Check } from "../check.ts";
import { untestable } from "../check-result.ts";
import { costOfDetours, tryDetours } from "../judge/try-detours.ts";

const METHODS = ["PUT", "DELETE", "OPTIONS", "GET"] as const;

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
  needs: ["accepted"],
  cost: costOfDetours(METHODS.length),
  run(target) {
    if (target.greeting.era === "sse") return Promise.resolve(untestable("the server speaks only HTTP+SSE"));
    return tryDetours(
      target,
      METHODS.map((method) => ({ name: method, method })),
    );
  },
};
