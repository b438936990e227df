import type { Check } from "../check.ts";
import { fail, pass, untestable } from "../check-result.ts";
import { headerOf } from "../../http/http.ts";

const MAX_SKEW_SECONDS = 60;

export const clockInSync: Check = {
  id: "clock-in-sync",
  group: "transport",
  about: "conformance",
  level: "should",
  expected: "has a clock within one minute of this machine's",
  source: new URL("https://www.rfc-editor.org/rfc/rfc9110#section-6.6.1"),
  fix: "synchronize both clocks with NTP: the server's clock decides when keys expire",
  cost: { requests: 0, wrong: 0 },
  run({ recorded }) {
    for (const { answer, at } of recorded) {
      const date = Date.parse(headerOf(answer, "date") ?? "") / 1000;
      // A cached answer has the time at which it was created.
      if (Number.isNaN(date) || headerOf(answer, "age") !== undefined) continue;
      const skew = Math.round(date - at);
      if (Math.abs(skew) <= MAX_SKEW_SECONDS) return Promise.resolve(pass(`within ${String(MAX_SKEW_SECONDS)} s`));
      return Promise.resolve(fail(`${String(Math.abs(skew))} s ${skew < 0 ? "behind" : "ahead"}`));
    }
    return Promise.resolve(untestable("no answer has a Date header"));
  },
};
