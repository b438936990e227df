import type { Check } from "../check.ts";
import { misplaced, NOTHING } from "../mcp/credentials.ts";
import { namePlace, putInto } from "../judge/key-places.ts";
import { costOf, tryEach } from "../judge/judge-refused.ts";
import { strangerIn } from "../judge/wrong-keys.ts";

export const rejectsKeyInCookie: Check = {
  id: "rejects-key-in-cookie",
  group: "door",
  about: "manners",
  level: "should",
  expects: "your key in a cookie lets nobody in",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#token-requirements"),
  mend: "take the key from the header alone; cookies are sent by browsers on behalf of any page",
  needs: ["let-in"],
  cost: costOf(2),
  run(site) {
    const put = putInto("cookie", () => site.key.reveal());
    const variants = [misplaced(put, { id: "key-in-cookie", name: `your key ${namePlace("cookie")}` })];
    return tryEach(site, { controls: [NOTHING, strangerIn("cookie", site)], variants });
  },
};
