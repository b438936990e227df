import { count } from "../../core/count.ts";
import type { Check } from "../check.ts";
import { fail, pass, untestable } from "../check-result.ts";
import type { Credentials } from "../mcp/credentials.ts";
import { answerParts, piecesOf } from "../judge/leak.ts";

export const hidesPresentedKey: Check = {
  id: "hides-presented-key",
  group: "leaks",
  about: "conformance",
  level: "should",
  expected: "no answer repeats the key that was sent",
  source: new URL("https://cwe.mitre.org/data/definitions/209.html"),
  fix: "leave the key out of messages, also a wrong one: it may be right but for a typing error, and answers end up in logs",
  cost: { requests: 0, wrong: 0 },
  run({ recorded, key }) {
    const own = key.reveal().toLowerCase();
    let looked = 0;
    for (const { answer, credentials } of recorded) {
      // Who says what was expected repeats nothing: a wrong key that is nearly right has pieces in common with it.
      const isOther = (piece: string): boolean => credentials.kind !== "wrong" || !own.includes(piece);
      const pieces = presented(credentials).flatMap(piecesOf).filter(isOther);
      if (pieces.length > 0) looked++;
      for (const { name, text } of answerParts(answer)) {
        const lower = text.toLowerCase();
        if (!pieces.some((piece) => lower.includes(piece))) continue;
        return Promise.resolve(fail(`the ${name} of a ${String(answer.status)} repeats ${credentials.name}`));
      }
    }
    return Promise.resolve(looked > 0 ? pass(`in none of ${count(looked, "answer")}`) : untestable("no key was sent"));
  },
};

/** What it sends that may be a key: cookies have names beside it, and `Authorization` a scheme. */
function presented({ headers, query }: Credentials): string[] {
  const { origin: _origin, host: _host, ...keys } = headers();
  const texts = [...Object.values(keys), ...Object.values(query?.() ?? {})].flat();
  return texts.flatMap((text) => text.split(/[\s;,=]+/));
}
