import type { Check } from "../check.ts";
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
  needs: ["accepted", "http"],
  cost: SWEEP_COST,
  shared: SWEEP_COST,
  run(target) {
    return trySwept(target, "version", "the MCP headers");
  },
};
