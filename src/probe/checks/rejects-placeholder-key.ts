import { Secret } from "../../core/secret.ts";
import type { Check } from "../check.ts";
import { wrongKey } from "../mcp/credentials.ts";
import { costOf, tryEach } from "../judge/judge-refused.ts";
import { strangers } from "../judge/wrong-keys.ts";

/** What languages and shells make of a variable that is not set, and what examples hold. */
const PLACEHOLDERS = ["undefined", "null", "None", "[object Object]", "${MCP_API_KEY}", "*", "test", "changeme"];

export const rejectsPlaceholderKey: Check = {
  id: "rejects-placeholder-key",
  group: "door",
  about: "door",
  level: "must",
  expects: "what stands where a key was forgotten is not let in",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#token-handling"),
  mend: "refuse to start without a key in the environment; never compare with a template whose variable is not set",
  needs: ["let-in"],
  cost: costOf(PLACEHOLDERS.length),
  run(site) {
    const forgotten = PLACEHOLDERS.filter((text) => text !== site.key.reveal());
    const variants = forgotten.map((text) =>
      wrongKey(site.header, new Secret(text), { id: `placeholder ${text}`, name: `the key "${text}"` }),
    );
    return tryEach(site, { controls: strangers(site), variants });
  },
};
