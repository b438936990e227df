import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";

/** With so many processes that want to run for each processor, an answer still comes in the time that it takes. */
const BEARABLE = 4;

/**
 * How fast a process gets along now that others want to run as well: 1, or less on a machine that has far more to do than it can.
 * 1 where the system does not tell.
 */
export function pace(): number {
  try {
    return paceOf(readFileSync("/proc/loadavg", "latin1"), availableParallelism());
  } catch {
    return 1;
  }
}

/** @param loadavg - `/proc/loadavg`: three averages, then how many of all threads want to run at this moment. */
export function paceOf(loadavg: string, processors: number): number {
  const running = Number(/ (\d+)\/\d+ /.exec(loadavg)?.[1] ?? 1);
  return Math.min(1, (BEARABLE * processors) / Math.max(1, running));
}
