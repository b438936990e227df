import { count } from "../../core/count.ts";
import { breaks, holds, untestable, type Check } from "../check.ts";
import { beginning, cutShort } from "../judge/judge-refusal.ts";
import type { Sighting } from "../target/target.ts";
import { findTrace } from "../stack-trace.ts";

export const hidesStackTrace: Check = {
  id: "hides-stack-trace",
  group: "trace",
  about: "manners",
  level: "should",
  expects: "no error shows the inside of the server: stack traces, paths of files",
  source: new URL("https://cwe.mitre.org/data/definitions/209.html"),
  mend: "answer errors with a text of your own, and keep the trace for the log; Express does so with NODE_ENV=production",
  cost: { requests: 1, wrong: 0 },
  async run(site) {
    const errand = beginning(site);
    if (errand !== null) await site.exchange(cutShort(errand), site.right);
    const errors = site.sightings.filter(isError);
    for (const { answer, credentials } of errors) {
      const trace = findTrace(answer.excerpt);
      if (trace !== null) return breaks(`${trace} in a ${String(answer.status)} to ${credentials.name}`);
    }
    return errors.length > 0 ? holds(`none in ${count(errors.length, "error")}`) : untestable("no error was answered");
  },
};

/** What a server answers on purpose may well speak of stack traces. */
function isError({ answer }: Sighting): boolean {
  return answer.status >= 400 || answer.reply?.error !== undefined;
}
