import type { Check } from "../check.ts";
import { misplaced, NOTHING } from "../mcp/credentials.ts";
import { formsOf } from "../judge/key-forms.ts";
import { costOf, tryEach } from "../judge/judge-refused.ts";
import { strangersInForms } from "../judge/wrong-keys.ts";

export const rejectsBareKey: Check = {
  id: "rejects-bare-key",
  group: "door",
  about: "manners",
  level: "may",
  expects: "your key in Authorization without a scheme lets nobody in",
  source: new URL("https://www.rfc-editor.org/rfc/rfc9110#section-11.6.2"),
  mend: "ask for the scheme: Authorization: Bearer and the key",
  needs: ["let-in", "bearer"],
  cost: costOf(6),
  run(site) {
    const forms = formsOf(() => site.key.reveal()).filter(({ how }) => how === "without a scheme");
    const variants = forms.map(({ how, headers }) =>
      misplaced({ headers }, { id: `key ${how}`, name: `your key ${how}` }),
    );
    return tryEach(site, { controls: [NOTHING, ...strangersInForms(site)], variants });
  },
};
