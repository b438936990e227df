import type { Check } from "../check.ts";
import { untestable } from "../check-result.ts";
import { costOfDetours, tryDetours } from "../judge/try-detours.ts";

const METHODS = ["PUT", "DELETE", "OPTIONS", "GET"] as const;

export const requiresKeyForEveryMethod: Check = {
  id: "requires-key-for-every-method",
  group: "rejection",
  about: "access",
  level: "must",
  expected: "a message sent by another method than POST asks for a key as well, wherever MCP answers",
  source: new URL(
    "https://modelcontextprotocol.io/specification/2025-11-25/basic/security_best_practices#session-hijacking",
  ),
  fix: "put the guard in front of every method, and answer 405 to those that MCP does not have",
  needs: ["accepted"],
  cost: costOfDetours(METHODS.length),
  run(target) {
    if (target.greeting.era === "sse") return Promise.resolve(untestable("the server speaks HTTP+SSE alone"));
    return tryDetours(
      target,
      METHODS.map((method) => ({ name: method, method })),
    );
  },
};
