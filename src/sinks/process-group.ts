import { kill } from "node:process";
import { setTimeout } from "node:timers/promises";
import { errnoOf } from "./file-fault.ts";

/** Milliseconds that a process has to end by itself. */
export const GRACE = 2000;
const STEP = 20;

/**
 * Ends a process group and returns when it is gone: asks first, and after the grace does not ask.
 * @param id - The process id of its leader.
 * @param grace - Milliseconds.
 */
export async function endProcessGroup(id: number, grace = GRACE): Promise<void> {
  if (!signalGroup(id, "SIGTERM")) return;
  for (let waited = 0; waited < grace; waited += STEP) {
    await setTimeout(STEP);
    if (!signalGroup(id, 0)) return;
  }
  signalGroup(id, "SIGKILL");
}

/** False when nobody is left in it. */
function signalGroup(id: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return kill(-id, signal);
  } catch (error) {
    return errnoOf(error) !== "ESRCH";
  }
}
