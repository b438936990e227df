import type { Check } from "../check.ts";
import { misplacedKey, NOTHING } from "../mcp/presented-key.ts";
import { namePlace, putKeyIn } from "../judge/key-places.ts";
import { costOf, tryEach } from "../judge/judge-refused.ts";
import { wrongKeyIn } from "../judge/wrong-keys.ts";

export const rejectsKeyInCookie: Check = {
  id: "rejects-key-in-cookie",
  group: "rejection",
  about: "conformance",
  level: "should",
  expected: "rejects your key in a cookie",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#token-requirements"),
  fix: "read the key from the header only: browsers send cookies for any page",
  needs: ["accepted"],
  cost: costOf(2),
  run(target) {
    const put = putKeyIn("cookie", () => target.key.reveal());
    const variants = [misplacedKey(put, { id: "key-in-cookie", name: `your key ${namePlace("cookie")}` })];
    return tryEach(target, { controls: [NOTHING, wrongKeyIn("cookie", target)], variants });
  },
};
