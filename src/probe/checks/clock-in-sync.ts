import type { Check } from "../check.ts";
import { fail, pass, untestable } from "../check-result.ts";
import { headerOf } from "../../http/http.ts";

/** Seconds. */
const SKEW = 60;

export const clockInSync: Check = {
  id: "clock-in-sync",
  group: "transport",
  about: "conformance",
  level: "should",
  expected: "the clock of the server is not more than a minute off this machine's",
  source: new URL("https://www.rfc-editor.org/rfc/rfc9110#section-6.6.1"),
  fix: "keep both clocks in step (NTP): keys expire by the clock of the server",
  cost: { requests: 0, wrong: 0 },
  run({ recorded }) {
    for (const { answer, at } of recorded) {
      const date = Date.parse(headerOf(answer, "date") ?? "") / 1000;
      // An answer out of a cache has the time at which it was made.
      if (Number.isNaN(date) || headerOf(answer, "age") !== undefined) continue;
      const skew = Math.round(date - at);
      if (Math.abs(skew) <= SKEW) return Promise.resolve(pass(`within ${String(SKEW)} s`));
      return Promise.resolve(fail(`${String(Math.abs(skew))} s ${skew < 0 ? "behind" : "ahead"}`));
    }
    return Promise.resolve(untestable("no answer says what time it is there"));
  },
};
