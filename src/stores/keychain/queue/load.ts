import { readFileSync } from "node:fs";
import { cpus } from "node:os";

/** With so many threads that want to run for each processor, an answer still comes in the time that it takes. */
const BEARABLE = 8;
/** It is never taken to be slower than this: a container may see the load of its host, and few of its processors. */
const SLOWEST = 0.25;

/**
 * How fast a process gets along now that others want to run as well: 1, or less on a machine that has far more to do than it can.
 * 1 where the system does not tell.
 */
export function pace(): number {
  try {
    // Those of the whole machine, as the load is.
    return paceOf(readFileSync("/proc/loadavg", "latin1"), cpus().length);
  } catch {
    return 1;
  }
}

/** @param loadavg - `/proc/loadavg`: three averages, then how many of all threads want to run at this moment. */
export function paceOf(loadavg: string, processors: number): number {
  const running = Number(/ (\d+)\/\d+ /.exec(loadavg)?.[1] ?? 1);
  const share = (BEARABLE * Math.max(1, processors)) / Math.max(1, running);
  return Math.min(1, Math.max(SLOWEST, share));
}
