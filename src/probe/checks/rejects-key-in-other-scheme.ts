import type { Check } from "../check.ts";
import { misplacedKey, NOTHING } from "../mcp/presented-key.ts";
import { keyForms } from "../judge/key-places.ts";
import { costOf, tryEach } from "../judge/judge-refused.ts";
import { wrongKeysInForms } from "../judge/wrong-keys.ts";

export const rejectsKeyInOtherScheme: Check = {
  id: "rejects-key-in-other-scheme",
  group: "rejection",
  about: "conformance",
  level: "may",
  expected: "rejects your key in a scheme other than Bearer",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#token-requirements"),
  fix: "accept only Bearer, or document the other schemes",
  needs: ["accepted", "bearer"],
  cost: costOf(8),
  run(target) {
    const forms = keyForms(target.header, () => target.key.reveal()).filter(({ how }) => how !== "without a scheme");
    const variants = forms.map(({ how, headers }) =>
      misplacedKey({ headers }, { id: `key ${how}`, name: `your key ${how}` }),
    );
    return tryEach(target, { controls: [NOTHING, ...wrongKeysInForms(target)], variants });
  },
};
