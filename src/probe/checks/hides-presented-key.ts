import type { Check } from "../check.ts";
import { fail, pass, untestable } from "../check-result.ts";
import type { PresentedKey } from "../mcp/presented-key.ts";
import { answerParts, piecesOf } from "../judge/leak.ts";

export const hidesPresentedKey: Check = {
  id: "hides-presented-key",
  group: "leaks",
  about: "conformance",
  level: "should",
  expected: "never repeats the presented key in an answer",
  source: new URL("https://cwe.mitre.org/data/definitions/209.html"),
  fix: "leave keys out of messages, even wrong ones: they may be mistyped valid keys, and answers end up in logs",
  cost: { requests: 0, wrong: 0 },
  run({ recorded, key }) {
    const own = key.reveal().toLowerCase();
    let hasSent = false;
    for (const { answer, presented } of recorded) {
      // A nearly valid key shares pieces with the valid one; revealing those is what hides-valid-key is about.
      const isOther = (piece: string): boolean => presented.kind !== "wrong" || !own.includes(piece);
      const pieces = keyValuesOf(presented).flatMap(piecesOf).filter(isOther);
      hasSent ||= pieces.length > 0;
      for (const { name, text } of answerParts(answer)) {
        const lower = text.toLowerCase();
        if (!pieces.some((piece) => lower.includes(piece))) continue;
        return Promise.resolve(fail(`the ${name} of a ${String(answer.status)} repeats ${presented.name}`));
      }
    }
    return Promise.resolve(hasSent ? pass("in no answer") : untestable("no key was sent"));
  },
};

/** Returns the sent values that may be a key, without the names of cookies and the scheme. */
function keyValuesOf({ headers, query }: PresentedKey): string[] {
  const { origin: _origin, host: _host, ...keys } = headers();
  const texts = [...Object.values(keys), ...Object.values(query?.() ?? {})].flat();
  return texts.flatMap((text) => text.split(/[\s;,=]+/));
}
