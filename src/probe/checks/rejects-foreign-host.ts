import { isConversation, isAccepted, isInconclusive } from "../verify/attempt.ts";
import type { Check } from "../check.ts";
import { fail, pass, untestable } from "../check-result.ts";
import { FOREIGN_HOST, keyToHost } from "../judge/foreign-origin.ts";
import { describeAttempt } from "../judge/judge-refused.ts";

export const rejectsForeignHost: Check = {
  id: "rejects-foreign-host",
  group: "browser",
  about: "conformance",
  level: "may",
  expected: "a server on this machine refuses requests whose Host is not one of its names",
  source: new URL("https://www.rfc-editor.org/rfc/rfc9110#section-7.4"),
  fix: "take localhost and 127.0.0.1 as Host and nothing else: a web page can make its own name lead to this machine",
  needs: ["accepted", "loopback"],
  cost: { requests: 12, wrong: 0 },
  async run(target) {
    const credentials = keyToHost(target, `${FOREIGN_HOST}:${target.url.port}`);
    const attempt = await target.present(credentials);
    if (isAccepted(attempt)) return fail(`let in with Host: ${FOREIGN_HOST}`);
    if (!isConversation(attempt) || isInconclusive(attempt)) return untestable(describeAttempt(attempt, target));
    if (attempt.answer.status === 403 || attempt.answer.status === 421) return pass(String(attempt.answer.status));
    const alone = isAccepted(await target.presentAgain(target.right));
    return alone ? pass(String(attempt.answer.status)) : untestable("your key is let in once and not again");
  },
};
