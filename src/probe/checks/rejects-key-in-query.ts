import type { Check } from "../check.ts";
import { misplacedKey, NOTHING } from "../mcp/presented-key.ts";
import { namePlace, putKeyIn } from "../judge/key-places.ts";
import { costOf, tryEach } from "../judge/judge-refused.ts";
import { wrongKeyIn } from "../judge/wrong-keys.ts";

export const rejectsKeyInQuery: Check = {
  id: "rejects-key-in-query",
  group: "rejection",
  about: "conformance",
  level: "must",
  expected: "rejects your key in the query of the URL",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#token-requirements"),
  fix: "read the key from the header only: URLs end up in logs, browser histories and Referer",
  needs: ["accepted"],
  cost: costOf(2),
  run(target) {
    const put = putKeyIn("query", () => target.key.reveal());
    const variants = [misplacedKey(put, { id: "key-in-query", name: `your key ${namePlace("query")}` })];
    return tryEach(target, { controls: [NOTHING, wrongKeyIn("query", target)], variants });
  },
};
