import { parseToken } from "../../core/token.ts";
import { differenceOf } from "../alike.ts";
import type { Check } from "../check.ts";
import { fail, pass, untestable } from "../check-result.ts";
import { wrongKey, type Credentials } from "../mcp/credentials.ts";
import { changeKey } from "../judge/mutations.ts";
import { refusalOf, REFUSAL_COST } from "../judge/judge-refusal.ts";
import type { Target } from "../target/target.ts";
import { unknownKey } from "../judge/wrong-keys.ts";

export const sameAnswerForUnknownKeys: Check = {
  id: "same-answer-for-unknown-keys",
  group: "responses",
  about: "conformance",
  level: "should",
  expected: "keys that are not valid get one answer, whatever is wrong with them",
  source: new URL("https://cwe.mitre.org/data/definitions/204.html"),
  fix: "say the same of every key that is not valid: who can tell them apart learns which ids exist",
  needs: ["accepted"],
  cost: { requests: 4 * REFUSAL_COST.requests, wrong: 4 * REFUSAL_COST.wrong },
  async run(target) {
    const first = await refusalOf(target, target.wrong);
    if ("untestable" in first) return first;
    for (const credentials of [unknownKey(target), ...mistypedKey(target)]) {
      const other = await refusalOf(target, credentials);
      if ("untestable" in other) return other;
      const difference = differenceOf({ answer: first, to: target.wrong }, { answer: other, to: credentials });
      if (difference === null) continue;
      const again = await refusalOf(target, { ...target.wrong, id: "bogus-key again" });
      if (
        "untestable" in again ||
        differenceOf({ answer: first, to: target.wrong }, { answer: again, to: target.wrong })
      ) {
        return untestable("the server does not say the same to the same key twice");
      }
      const ofYours = parseToken(target.key.reveal()).ok ? "a bogus key with the id of yours" : target.wrong.name;
      return fail(`${credentials.name} gets another ${difference} than ${ofYours}`);
    }
    return pass(`${String(first.status)} to each, and the same words`);
  },
};

/** Its checksum tells that it was never issued, before anything is looked up. */
function mistypedKey({ bogus, header }: Target): Credentials[] {
  const mistyped = changeKey(bogus).at(-1);
  const named = { id: "mistyped-key", name: "a bogus key with a typing error" };
  return mistyped === undefined ? [] : [wrongKey(header, mistyped.key, named)];
}
