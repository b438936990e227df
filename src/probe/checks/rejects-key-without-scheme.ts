import type { Check } from "../check.ts";
import { misplacedKey, NOTHING } from "../mcp/presented-key.ts";
import { keyForms } from "../judge/key-places.ts";
import { costOf, tryEach } from "../judge/judge-refused.ts";
import { wrongKeysInForms } from "../judge/wrong-keys.ts";

export const rejectsKeyWithoutScheme: Check = {
  id: "rejects-key-without-scheme",
  group: "rejection",
  about: "conformance",
  level: "may",
  expected: "rejects your key without a scheme in Authorization",
  source: new URL("https://www.rfc-editor.org/rfc/rfc9110#section-11.6.2"),
  fix: "require the scheme before the key, such as Authorization: Bearer",
  needs: ["accepted", "scheme"],
  cost: costOf(6),
  run(target) {
    const forms = keyForms(target.header, () => target.key.reveal()).filter(({ how }) => how === "without a scheme");
    const variants = forms.map(({ how, headers }) =>
      misplacedKey({ headers }, { id: `key ${how}`, name: `your key ${how}` }),
    );
    return tryEach(target, { controls: [NOTHING, ...wrongKeysInForms(target)], variants });
  },
};
