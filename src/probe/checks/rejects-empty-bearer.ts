import type { Check } from "../check.ts";
import { otherHeaders, NOTHING } from "../mcp/presented-key.ts";
import { costOf, tryEach } from "../judge/judge-refused.ts";
import { wrongKeys } from "../judge/wrong-keys.ts";

export const rejectsEmptyBearer: Check = {
  id: "rejects-empty-bearer",
  group: "rejection",
  about: "access",
  level: "must",
  expected: "rejects a header without a key",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#token-handling"),
  fix: "reject an empty key before comparing it, and do not start the server if its own key is empty",
  needs: ["accepted"],
  cost: costOf(2),
  run(target) {
    const { name, scheme } = target.header;
    const empty = otherHeaders({ [name]: "" }, { id: "empty-header", name: "an empty header" });
    const bare = otherHeaders({ [name]: scheme ?? "" }, { id: "empty-bearer", name: `${scheme ?? ""} without a key` });
    const variants = scheme === null ? [empty] : [bare, empty];
    return tryEach(target, { controls: [NOTHING, ...wrongKeys(target)], variants });
  },
};
