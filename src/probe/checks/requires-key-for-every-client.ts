import type { Check } from "../check.ts";
import { SWEEP_COST, trySwept } from "../judge/sweep.ts";

export const requiresKeyForEveryClient: Check = {
  id: "requires-key-for-every-client",
  group: "rejection",
  about: "access",
  level: "must",
  expected: "requires a key, whatever a client says about itself",
  source: new URL("https://cwe.mitre.org/data/definitions/290.html"),
  fix: "decide by the key alone, not by User-Agent, Origin, Referer or a cookie: give health checks a path of their own",
  needs: ["accepted"],
  cost: SWEEP_COST,
  shared: SWEEP_COST,
  run(target) {
    return trySwept(target, "client", "what clients say about themselves");
  },
};
