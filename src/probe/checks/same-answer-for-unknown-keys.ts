import { parseToken } from "../../core/token.ts";
import { headerOf } from "../../http/http.ts";
import type { Check } from "../check.ts";
import { fail, pass, untestable } from "../check-result.ts";
import { wrongKey, type PresentedKey } from "../mcp/presented-key.ts";
import type { McpAnswer } from "../mcp/wire.ts";
import { changeKey } from "../judge/mutations.ts";
import { refusalOf, REFUSAL_COST } from "../judge/read-refusal.ts";
import type { Target } from "../target/target.ts";
import { unknownKey } from "../judge/wrong-keys.ts";

export const sameAnswerForUnknownKeys: Check = {
  id: "same-answer-for-unknown-keys",
  group: "responses",
  about: "conformance",
  level: "should",
  expected: "gives the same answer to every invalid key",
  source: new URL("https://cwe.mitre.org/data/definitions/204.html"),
  fix: "answer every invalid key with the same text: a difference reveals which ids exist",
  needs: ["accepted"],
  cost: { requests: 4 * REFUSAL_COST.requests, wrong: 4 * REFUSAL_COST.wrong },
  async run(target) {
    const first = await refusalOf(target, target.wrong);
    if ("untestable" in first) return first;
    for (const presented of [unknownKey(target), ...mistypedKey(target)]) {
      const other = await refusalOf(target, presented);
      if ("untestable" in other) return other;
      const difference = differenceOf({ answer: first, to: target.wrong }, { answer: other, to: presented });
      if (difference === null) continue;
      const again = await refusalOf(target, { ...target.wrong, id: "bogus-key again" });
      if (
        "untestable" in again ||
        differenceOf({ answer: first, to: target.wrong }, { answer: again, to: target.wrong })
      ) {
        return untestable("the server answers the same key differently each time");
      }
      const bogus = parseToken(target.key.reveal()).ok ? "a bogus key with your key's id" : target.wrong.name;
      return fail(`the ${difference} for ${presented.name} differs from the one for ${bogus}`);
    }
    return pass(`${String(first.status)} and the same text for each`);
  },
};

/** Creates a key that a server can reject by its checksum, before any lookup. */
function mistypedKey({ bogus, header, random }: Target): PresentedKey[] {
  const mistyped = changeKey(bogus, random).at(-1);
  const named = { id: "mistyped-key", name: "a mistyped bogus key" };
  return mistyped === undefined ? [] : [wrongKey(header, mistyped.key, named)];
}

/** An answer and the key it was given to. */
interface RefusedAnswer {
  readonly answer: McpAnswer;
  readonly to: PresentedKey;
}

/**
 * Returns the part in which two refusals differ, or `null` if they reveal nothing about the keys. Ignores numbers, ids, times and
 * pieces of the presented key.
 */
export function differenceOf(first: RefusedAnswer, second: RefusedAnswer): "status" | "challenge" | "body" | null {
  if (first.answer.status !== second.answer.status) return "status";
  if (challengeOf(first) !== challengeOf(second)) return "challenge";
  return bodyOf(first) === bodyOf(second) ? null : "body";
}

function challengeOf({ answer, to }: RefusedAnswer): string {
  return normalize(headerOf(answer, "www-authenticate") ?? "", to);
}

function bodyOf({ answer, to }: RefusedAnswer): string {
  return normalize(answer.excerpt, to);
}

/** Request ids, times and random numbers: eight or more characters with a digit, or a number. */
const CHANGING = /(?=[\w-]*\d)[\w-]{8,}|\d+/g;

/** Blanks pieces of the presented key, such as `mcp_7Fq2…`, and then {@link CHANGING} text. Plain words stay. */
function normalize(text: string, to: PresentedKey): string {
  const keys = Object.values(to.headers()).flat();
  const presented = keys.map((value) => value.replace(/^\S+ +/, "")).join(" ");
  const pieces = text.replace(/\w{3,}/g, (word) => (/[0-9A-Z_]/.test(word) && presented.includes(word) ? "#" : word));
  return pieces.replace(CHANGING, "#");
}
