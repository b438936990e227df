import type { Check } from "../check.ts";
import { costOfVariations, tryVariations } from "../judge/try-variations.ts";
import { OTHER_CONNECTIONS, REUSED_CONNECTIONS } from "../variations/connections.ts";

export const requiresKeyForEveryConnection: Check = {
  id: "requires-key-for-every-connection",
  group: "rejection",
  about: "access",
  level: "must",
  expected: "requires a key with every request of a connection, and for every protocol it can switch to",
  source: new URL("https://www.rfc-editor.org/rfc/rfc9110#section-7.8"),
  fix: "check the key of every request, also with Upgrade or Expect, and remember nothing about a connection",
  needs: ["accepted", "http"],
  cost: costOfVariations([...OTHER_CONNECTIONS, ...REUSED_CONNECTIONS]),
  run(target) {
    return tryVariations(target, [...OTHER_CONNECTIONS, ...REUSED_CONNECTIONS], { of: "the connection" });
  },
};
