import type { Check } from "../check.ts";
import { fail, pass, untestable } from "../check-result.ts";
import { digestsOf, answerParts, piecesOf, textOf } from "../judge/leak.ts";

export const hidesValidKey: Check = {
  id: "hides-valid-key",
  group: "leaks",
  about: "access",
  level: "must",
  expected: "never reveals a valid key, a part of it or its digest to a request without it",
  source: new URL("https://cwe.mitre.org/data/definitions/200.html"),
  fix: "keep the valid key out of answers and logs, then replace it",
  needs: ["accepted"],
  cost: { requests: 0, wrong: 0 },
  run({ recorded, key }) {
    const pieces = piecesOf(key.reveal());
    const digests = digestsOf(key);
    const others = recorded.filter(({ presented }) => presented.kind === "wrong");
    for (const { answer, presented, sent } of others) {
      // A nearly valid key has parts of the valid one, or its digest, which the server may echo.
      const request = textOf(sent()).toLowerCase();
      const revealing = pieces.filter((piece) => !request.includes(piece));
      const unsent = digests.filter((digest) => !request.includes(digest.toLowerCase()));
      for (const { name, text } of answerParts(answer)) {
        const where = `${name} of a ${String(answer.status)} to ${presented.name}`;
        if (unsent.some((digest) => text.includes(digest))) return Promise.resolve(fail(`its digest, in the ${where}`));
        const lower = text.toLowerCase();
        if (revealing.some((piece) => lower.includes(piece))) return Promise.resolve(fail(`a part, in the ${where}`));
      }
    }
    const seen = pieces.length > 0 && others.length > 0;
    const why = others.length === 0 ? "no request was sent without it" : "the key is too plain to recognize in text";
    return Promise.resolve(seen ? pass("in no answer") : untestable(why));
  },
};
