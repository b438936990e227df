import type { Check } from "../check.ts";
import { costOfDetours, tryDetours } from "../judge/try-detours.ts";
import { pathsBeside } from "../paths.ts";

export const requiresKeyForEveryPath: Check = {
  id: "requires-key-for-every-path",
  group: "rejection",
  about: "access",
  level: "must",
  expected: "the path in another spelling asks for a key as well, wherever MCP answers",
  source: new URL(
    "https://modelcontextprotocol.io/specification/2025-11-25/basic/security_best_practices#session-hijacking",
  ),
  fix: "put the guard around the handler itself, not around one spelling of its path",
  needs: ["accepted"],
  cost: costOfDetours(12),
  run(target) {
    return tryDetours(
      target,
      pathsBeside(target.url).map((path) => ({ name: path, path })),
    );
  },
};
