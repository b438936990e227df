import type { Check } from "../check.ts";
import { untestable } from "../check-result.ts";
import { SWEEP_COST, trySwept } from "../judge/sweep.ts";

export const requiresKeyForEveryVersion: Check = {
  id: "requires-key-for-every-version",
  group: "rejection",
  about: "access",
  level: "must",
  expected: "requires a key for every protocol version, and whatever MCP headers say about method and session",
  source: new URL(
    "https://modelcontextprotocol.io/specification/2025-11-25/basic/security_best_practices#session-hijacking",
  ),
  fix: "check the key before any Mcp- header is read: they describe the message, and prove nothing about the client",
  needs: ["accepted"],
  cost: SWEEP_COST,
  run(target) {
    if (target.greeting.era === "sse") return Promise.resolve(untestable("the server speaks only HTTP+SSE"));
    return trySwept(target, "version", "the MCP headers");
  },
};
