import type { Check } from "../check.ts";
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
  needs: ["accepted", "http"],
  cost: SWEEP_COST,
  shared: SWEEP_COST,
  run(target) {
    return trySwept(target, "body", "the body");
  },
};
