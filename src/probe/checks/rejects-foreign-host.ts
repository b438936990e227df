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
  expected: "rejects a foreign Host header if it runs on this machine",
  source: new URL("https://www.rfc-editor.org/rfc/rfc9110#section-7.4"),
  fix: "accept only localhost and 127.0.0.1 as Host: DNS rebinding lets web pages reach this machine under other names",
  needs: ["accepted", "loopback"],
  cost: { requests: 12, wrong: 0 },
  async run(target) {
    const presented = keyToHost(target, `${FOREIGN_HOST}:${target.url.port}`);
    const attempt = await target.ask(presented);
    if (isAccepted(attempt)) return fail(`accepted with Host: ${FOREIGN_HOST}`);
    if (!isConversation(attempt) || isInconclusive(attempt)) return untestable(describeAttempt(attempt, target));
    if (attempt.answer.status === 403 || attempt.answer.status === 421) return pass(String(attempt.answer.status));
    const stillAccepted = await target.isStillAccepted();
    return stillAccepted ? pass(String(attempt.answer.status)) : untestable("the server accepts your key only once");
  },
};
