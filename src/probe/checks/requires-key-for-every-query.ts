import type { Check } from "../check.ts";
import { SWEEP_COST, trySwept } from "../judge/sweep.ts";

export const requiresKeyForEveryQuery: Check = {
  id: "requires-key-for-every-query",
  group: "rejection",
  about: "access",
  level: "must",
  expected: "requires a key, whatever the query says",
  source: new URL("https://cwe.mitre.org/data/definitions/489.html"),
  fix: "remove the parameter that skips the guard, such as debug=1: anyone can add it to the URL",
  needs: ["accepted"],
  cost: SWEEP_COST,
  shared: SWEEP_COST,
  run(target) {
    return trySwept(target, "query", "the query");
  },
};
