import { CLOCK_TOLERANCE } from "../../core/clock.ts";
import { formatTime, LAST_SECOND } from "../../core/duration.ts";
import type { Epoch } from "../../core/key.ts";
import { lastUsedAt } from "../../core/status.ts";
import { orNull } from "../context.ts";
import type { Diagnostic, Observation } from "../diagnostic.ts";

/** No correct clock shows an earlier time: mcp-keys did not exist yet. */
const EARLIEST = Date.UTC(2026, 0) / 1000;
const LATEST = Date.UTC(2126, 0) / 1000;
const SET_CLOCK = "set the clock and keep it synchronized, for example with: timedatectl set-ntp true";

export const clock: Diagnostic = {
  about: "the clock, which decides when keys expire",
  exit: 2,
  async run({ now, history, storedKeys }) {
    if (now < EARLIEST || now > LATEST) {
      const shown = now < EARLIEST ? "a time before 2026" : "a time after 2125";
      return [{ status: "fail", observed: `the clock shows ${shown}, and keys expire by it`, fix: SET_CLOCK }];
    }
    const newest = (await orNull(history))?.newest ?? 0;
    const used = ((await orNull(storedKeys))?.keys ?? []).map((key) => ({ name: key.name, at: lastUsedAt(key) ?? 0 }));
    const latest = used.reduce((a, b) => (b.at > a.at ? b : a), { name: "", at: 0 });
    const found: Observation[] = [
      ...judge(
        newest,
        now,
        "the history has a change at",
        "set the history aside with: mcp-keys audit --archive <file>",
      ),
      ...judge(latest.at, now, `${latest.name} was last used at`, "correct the clock of the server that wrote this"),
    ];
    return found.length > 0 ? found : [{ status: "pass", observed: formatTime(now) }];
  },
};

/** Judges a time that should not be later than the clock. With such a clock, keys are revoked and disabled, but not issued or rotated. */
function judge(at: Epoch, now: Epoch, what: string, recovery: string): Observation[] {
  if (at <= now + CLOCK_TOLERANCE) return [];
  const observed = `${what} ${formatTime(Math.min(at, LAST_SECOND))}, later than the clock (${formatTime(now)}): one of two clocks is wrong`;
  return [{ status: "fail", observed, fix: `${SET_CLOCK}; if this clock is right, ${recovery}` }];
}
