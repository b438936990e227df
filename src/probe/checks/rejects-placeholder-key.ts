import type { Check } from "../check.ts";
import { costOf, tryEach } from "../judge/judge-refused.ts";
import { textAsKey, wrongKeys } from "../judge/wrong-keys.ts";

/** Text that languages and shells produce for an unset variable, a name that every JavaScript object has, and keys from examples. */
const PLACEHOLDERS = [
  "undefined",
  "null",
  "None",
  "[object Object]",
  "${MCP_API_KEY}",
  "constructor",
  "test",
  "changeme",
  "*",
];

export const rejectsPlaceholderKey: Check = {
  id: "rejects-placeholder-key",
  group: "rejection",
  about: "access",
  level: "must",
  expected: "rejects placeholders such as undefined and changeme",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#token-handling"),
  fix: "refuse to start without a key in the environment, never compare with a template whose variable is unset, and look keys up in a Map or with Object.hasOwn",
  needs: ["accepted"],
  cost: costOf(PLACEHOLDERS.length),
  run(target) {
    const placeholders = PLACEHOLDERS.filter((text) => text !== target.key.reveal());
    const variants = placeholders.map((text) =>
      textAsKey(target, text, { id: `placeholder ${text}`, name: `the key "${text}"` }),
    );
    return tryEach(target, { controls: wrongKeys(target), variants });
  },
};
