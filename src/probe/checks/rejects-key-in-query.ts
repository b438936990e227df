import type { Check } from "../check.ts";
import { misplaced, NOTHING } from "../mcp/credentials.ts";
import { namePlace, putInto } from "../judge/key-places.ts";
import { costOf, tryEach } from "../judge/judge-refused.ts";
import { strangerIn } from "../judge/wrong-keys.ts";

export const rejectsKeyInQuery: Check = {
  id: "rejects-key-in-query",
  group: "door",
  about: "manners",
  level: "must",
  expects: "your key in the query of the address lets nobody in",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#token-requirements"),
  mend: "take the key from the header alone; addresses end up in logs, histories and Referer",
  needs: ["let-in"],
  cost: costOf(2),
  run(site) {
    const put = putInto("query", () => site.key.reveal());
    const variants = [misplaced(put, { id: "key-in-query", name: `your key ${namePlace("query")}` })];
    return tryEach(site, { controls: [NOTHING, strangerIn("query", site)], variants });
  },
};
