import { formatTime } from "../../core/duration.ts";
import type { Diagnostic } from "../finding.ts";
import { orNull } from "../context.ts";

/** No clock that is right says an earlier time: mcp-keys did not exist. */
const DAWN = Date.UTC(2026, 0) / 1000;
/** A hundred years on. */
const DUSK = Date.UTC(2126, 0) / 1000;
/** Seconds that the clocks of two machines may differ without anybody noticing. */
const SLACK = 60;

export const clock: Diagnostic = {
  about: "the clock, by which keys expire",
  exit: 2,
  async run({ now, history }) {
    const fix = "set the clock, and see that it is kept right, such as by: timedatectl set-ntp true";
    if (now < DAWN || now > DUSK) {
      return [
        {
          status: "fail",
          observed: `the clock says ${now < DAWN ? "a time before 2026" : "a time a hundred years on"}, and expiry is judged by it`,
          fix,
        },
      ];
    }
    const last = (await orNull(history))?.last ?? null;
    if (last === null || last.at <= now + SLACK) return [{ status: "pass", observed: formatTime(now) }];
    const dated = last.at > DUSK ? "a hundred years on" : formatTime(last.at);
    const observed = `the last change is dated ${dated}, later than the clock (${formatTime(now)}): one of two clocks is wrong`;
    return [{ status: "warn", observed, fix }];
  },
};
