import { formatTime } from "../../core/duration.ts";
import { orNull } from "../context.ts";
import type { Diagnostic } from "../diagnostic.ts";

/** No correct clock shows an earlier time: mcp-keys did not exist yet. */
const EARLIEST = Date.UTC(2026, 0) / 1000;
const LATEST = Date.UTC(2126, 0) / 1000;
/** Seconds by which the clocks of two machines commonly differ. */
const TOLERANCE = 60;

export const clock: Diagnostic = {
  about: "the clock, which decides when keys expire",
  exit: 2,
  async run({ now, history }) {
    const fix = "set the clock and keep it synchronized, for example with: timedatectl set-ntp true";
    if (now < EARLIEST || now > LATEST) {
      const shown = now < EARLIEST ? "a time before 2026" : "a time after 2125";
      return [{ status: "fail", observed: `the clock shows ${shown}, and keys expire by it`, fix }];
    }
    const last = (await orNull(history))?.last ?? null;
    if (last === null || last.at <= now + TOLERANCE) return [{ status: "pass", observed: formatTime(now) }];
    const dated = last.at > LATEST ? "a time after 2125" : formatTime(last.at);
    const observed = `the last change is dated ${dated}, which is later than the clock (${formatTime(now)}): one of two clocks is wrong`;
    return [{ status: "warn", observed, fix }];
  },
};
