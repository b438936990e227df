import { Secret } from "../../core/secret.ts";
import type { Check } from "../check.ts";
import { wrongKey } from "../mcp/presented-key.ts";
import { costOf, tryEach } from "../judge/judge-refused.ts";
import { wrongKeys } from "../judge/wrong-keys.ts";

/** Text that languages and shells produce for an unset variable, and keys from examples. */
const PLACEHOLDERS = ["undefined", "null", "None", "[object Object]", "${MCP_API_KEY}", "*", "test", "changeme"];

export const rejectsPlaceholderKey: Check = {
  id: "rejects-placeholder-key",
  group: "rejection",
  about: "access",
  level: "must",
  expected: "rejects placeholders such as undefined and changeme",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#token-handling"),
  fix: "refuse to start without a key in the environment, and never compare with a template whose variable is unset",
  needs: ["accepted"],
  cost: costOf(PLACEHOLDERS.length),
  run(target) {
    const placeholders = PLACEHOLDERS.filter((text) => text !== target.key.reveal());
    const variants = placeholders.map((text) =>
      wrongKey(target.header, new Secret(text), { id: `placeholder ${text}`, name: `the key "${text}"` }),
    );
    return tryEach(target, { controls: wrongKeys(target), variants });
  },
};
