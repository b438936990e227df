import { count } from "../../core/count.ts";
import type { Check } from "../check.ts";
import { fail, pass, untestable } from "../check-result.ts";
import { openingRequest, withBrokenBody } from "../judge/judge-refusal.ts";
import type { RecordedAnswer } from "../target/target.ts";
import { findTrace } from "../stack-trace.ts";

export const hidesStackTrace: Check = {
  id: "hides-stack-trace",
  group: "leaks",
  about: "conformance",
  level: "should",
  expected: "no error shows the inside of the server: stack traces, paths of files",
  source: new URL("https://cwe.mitre.org/data/definitions/209.html"),
  fix: "answer errors with a text of your own, and keep the trace for the log; Express does so with NODE_ENV=production",
  cost: { requests: 1, wrong: 0 },
  async run(target) {
    const planned = openingRequest(target);
    if (planned !== null) await target.exchange(withBrokenBody(planned), target.right);
    const errors = target.recorded.filter(isError);
    for (const { answer, credentials } of errors) {
      const trace = findTrace(answer.excerpt);
      if (trace !== null) return fail(`${trace} in a ${String(answer.status)} to ${credentials.name}`);
    }
    return errors.length > 0 ? pass(`none in ${count(errors.length, "error")}`) : untestable("no error was answered");
  },
};

/** What a server answers on purpose may well speak of stack traces. */
function isError({ answer }: RecordedAnswer): boolean {
  return answer.status >= 400 || answer.reply?.error !== undefined;
}
