import { Secret } from "../../core/secret.ts";
import type { Check } from "../check.ts";
import { wrongKey } from "../mcp/credentials.ts";
import { costOf, tryEach } from "../judge/judge-refused.ts";
import { wrongKeys } from "../judge/wrong-keys.ts";

/** What languages and shells make of a variable that is not set, and what examples hold. */
const PLACEHOLDERS = ["undefined", "null", "None", "[object Object]", "${MCP_API_KEY}", "*", "test", "changeme"];

export const rejectsPlaceholderKey: Check = {
  id: "rejects-placeholder-key",
  group: "rejection",
  about: "access",
  level: "must",
  expected: "what stands where a key was forgotten is not let in",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#token-handling"),
  fix: "refuse to start without a key in the environment; never compare with a template whose variable is not set",
  needs: ["accepted"],
  cost: costOf(PLACEHOLDERS.length),
  run(target) {
    const forgotten = PLACEHOLDERS.filter((text) => text !== target.key.reveal());
    const variants = forgotten.map((text) =>
      wrongKey(target.header, new Secret(text), { id: `placeholder ${text}`, name: `the key "${text}"` }),
    );
    return tryEach(target, { controls: wrongKeys(target), variants });
  },
};
