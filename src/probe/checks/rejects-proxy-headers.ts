import type { Check } from "../check.ts";
import { costOfVariations, tryVariations } from "../judge/try-variations.ts";
import { PROXY_HEADERS } from "../variations/proxy-headers.ts";

export const rejectsProxyHeaders: Check = {
  id: "rejects-proxy-headers",
  group: "rejection",
  about: "access",
  level: "must",
  expected: "rejects requests without a key, even if they have proxy headers",
  source: new URL("https://cwe.mitre.org/data/definitions/290.html"),
  fix: "decide by the key alone: clients can set any address, user, host or path in a header, and any header of your own network",
  needs: ["accepted"],
  cost: costOfVariations(PROXY_HEADERS, { bogus: true }),
  run(target) {
    return tryVariations(target, PROXY_HEADERS, { of: "proxy headers", bogus: true });
  },
};
