import type { Check } from "../check.ts";
import { misplacedKey, NOTHING } from "../mcp/credentials.ts";
import { namePlace, putKeyIn } from "../judge/key-places.ts";
import { costOf, tryEach } from "../judge/judge-refused.ts";
import { wrongKeyIn } from "../judge/wrong-keys.ts";

export const rejectsKeyInCookie: Check = {
  id: "rejects-key-in-cookie",
  group: "rejection",
  about: "conformance",
  level: "should",
  expected: "your key in a cookie lets nobody in",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#token-requirements"),
  fix: "take the key from the header alone; cookies are sent by browsers on behalf of any page",
  needs: ["accepted"],
  cost: costOf(2),
  run(target) {
    const put = putKeyIn("cookie", () => target.key.reveal());
    const variants = [misplacedKey(put, { id: "key-in-cookie", name: `your key ${namePlace("cookie")}` })];
    return tryEach(target, { controls: [NOTHING, wrongKeyIn("cookie", target)], variants });
  },
};
