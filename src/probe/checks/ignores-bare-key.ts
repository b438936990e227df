import type { Check } from "../check.ts";
import { misplaced, NOTHING } from "../credentials.ts";
import { costOf, tryEach } from "../shut.ts";

export const ignoresBareKey: Check = {
  id: "ignores-bare-key",
  group: "door",
  about: "manners",
  level: "may",
  expects: "your key in Authorization without a scheme lets nobody in",
  source: new URL("https://www.rfc-editor.org/rfc/rfc9110#section-11.6.2"),
  mend: "ask for the scheme: Authorization: Bearer and the key",
  needs: ["let-in", "bearer"],
  cost: costOf(1),
  run(site) {
    const headers = () => ({ authorization: site.key.reveal() });
    const bare = misplaced({ headers }, { id: "key-bare", name: "your key without a scheme" });
    return tryEach(site, { controls: [NOTHING], variants: [bare] });
  },
};
