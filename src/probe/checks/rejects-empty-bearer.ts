import type { Check } from "../check.ts";
import { otherHeaders, NOTHING } from "../mcp/credentials.ts";
import { costOf, tryEach } from "../judge/judge-refused.ts";
import { wrongKeys } from "../judge/wrong-keys.ts";

export const rejectsEmptyBearer: Check = {
  id: "rejects-empty-bearer",
  group: "rejection",
  about: "access",
  level: "must",
  expected: "a header with no key in it is not let in",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#token-handling"),
  fix: "refuse what is empty before anything is compared, and do not start a server whose own key is empty",
  needs: ["accepted"],
  cost: costOf(2),
  run(target) {
    const { name, scheme } = target.header;
    const empty = otherHeaders({ [name]: "" }, { id: "empty-header", name: "an empty header" });
    const bare = otherHeaders({ [name]: scheme ?? "" }, { id: "empty-bearer", name: `${scheme ?? ""} and no key` });
    const variants = scheme === null ? [empty] : [bare, empty];
    return tryEach(target, { controls: [NOTHING, ...wrongKeys(target)], variants });
  },
};
