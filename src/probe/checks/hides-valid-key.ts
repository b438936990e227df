import { count } from "../../core/count.ts";
import type { Check } from "../check.ts";
import { fail, pass, untestable } from "../check-result.ts";
import { digestsOf, answerParts, piecesOf } from "../judge/leak.ts";

export const hidesValidKey: Check = {
  id: "hides-valid-key",
  group: "leaks",
  about: "access",
  level: "must",
  expected: "no answer to a request without the key holds a part of it, or its digest",
  source: new URL("https://cwe.mitre.org/data/definitions/200.html"),
  fix: "leave what is expected out of what is answered and logged; then replace the key",
  needs: ["accepted"],
  cost: { requests: 0, wrong: 0 },
  run({ recorded, key }) {
    const pieces = piecesOf(key.reveal());
    const digests = digestsOf(key);
    const others = recorded.filter(({ credentials }) => credentials.kind === "wrong");
    for (const { answer, credentials, sent } of others) {
      // What is nearly the key holds parts of it as well, and an echo of those is another matter.
      const given = sent().toLowerCase();
      const telling = pieces.filter((piece) => !given.includes(piece));
      for (const { name, text } of answerParts(answer)) {
        const where = `${name} of a ${String(answer.status)} to ${credentials.name}`;
        if (digests.some((digest) => text.includes(digest)))
          return Promise.resolve(fail(`its digest, in the ${where}`));
        const lower = text.toLowerCase();
        if (telling.some((piece) => lower.includes(piece))) return Promise.resolve(fail(`a part, in the ${where}`));
      }
    }
    const seen = pieces.length > 0 && others.length > 0;
    const why =
      others.length === 0 ? "nothing was asked without it" : "the key is too plain to be told from other words";
    return Promise.resolve(seen ? pass(`nothing in ${count(others.length, "answer")}`) : untestable(why));
  },
};
