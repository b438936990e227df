import type { Check } from "../check.ts";
import { misplacedKey, NOTHING } from "../mcp/credentials.ts";
import { keyForms } from "../judge/key-forms.ts";
import { costOf, tryEach } from "../judge/judge-refused.ts";
import { wrongKeysInForms } from "../judge/wrong-keys.ts";

export const rejectsKeyInOtherScheme: Check = {
  id: "rejects-key-in-other-scheme",
  group: "rejection",
  about: "conformance",
  level: "may",
  expected: "your key under another scheme than Bearer lets nobody in",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#token-requirements"),
  fix: "take no other scheme than Bearer, or say in the documentation of the server that it is taken",
  needs: ["accepted", "bearer"],
  cost: costOf(9),
  run(target) {
    const forms = keyForms(() => target.key.reveal()).filter(({ how }) => how !== "without a scheme");
    const variants = forms.map(({ how, headers }) =>
      misplacedKey({ headers }, { id: `key ${how}`, name: `your key ${how}` }),
    );
    return tryEach(target, { controls: [NOTHING, ...wrongKeysInForms(target)], variants });
  },
};
