import type { Check } from "../check.ts";
import { costOfVariations, tryVariations } from "../judge/try-variations.ts";
import { clientClaims } from "../variations/clients.ts";

export const requiresKeyForEveryClient: Check = {
  id: "requires-key-for-every-client",
  group: "rejection",
  about: "access",
  level: "must",
  expected: "requires a key, whatever a client says about itself",
  source: new URL("https://cwe.mitre.org/data/definitions/290.html"),
  fix: "decide by the key alone, not by User-Agent, Origin, Referer or a cookie: give health checks a path of their own",
  needs: ["accepted"],
  cost: costOfVariations(clientClaims(new URL("http://host.example/"))),
  run(target) {
    return tryVariations(target, clientClaims(target.url), { of: "what clients say about themselves" });
  },
};
