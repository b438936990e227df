import { breaks, holds, untestable, type Check } from "../check.ts";
import { headerOf } from "../../http/http.ts";

/** Seconds. */
const SKEW = 60;

export const clockInSync: Check = {
  id: "clock-in-sync",
  group: "transport",
  about: "manners",
  level: "should",
  expects: "the clock of the server is not more than a minute off this machine's",
  source: new URL("https://www.rfc-editor.org/rfc/rfc9110#section-6.6.1"),
  mend: "keep both clocks in step (NTP): keys expire by the clock of the server",
  cost: { requests: 0, wrong: 0 },
  run({ sightings }) {
    for (const { answer, at } of sightings) {
      const date = Date.parse(headerOf(answer, "date") ?? "") / 1000;
      // An answer out of a cache has the time at which it was made.
      if (Number.isNaN(date) || headerOf(answer, "age") !== undefined) continue;
      const skew = Math.round(date - at);
      if (Math.abs(skew) <= SKEW) return Promise.resolve(holds(`within ${String(SKEW)} s`));
      return Promise.resolve(breaks(`${String(Math.abs(skew))} s ${skew < 0 ? "behind" : "ahead"}`));
    }
    return Promise.resolve(untestable("no answer says what time it is there"));
  },
};
