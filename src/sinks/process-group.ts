import type { ChildProcess } from "node:child_process";
import { kill } from "node:process";
import { setTimeout } from "node:timers/promises";
import { errnoOf } from "./file-fault.ts";

/** Milliseconds that a process has to end by itself. */
export const GRACE = 2000;
/** Milliseconds for those that outlive the leader. Short, since one that nobody buries looks alive for ever. */
const REST = 200;
const STEP = 20;

/**
 * Ends a process group and returns when it is gone: asks first, and after the grace does not ask.
 * @param leader - A child that was started with `detached`, or could not be.
 * @param grace - Milliseconds.
 */
export async function endProcessGroup(leader: ChildProcess, grace = GRACE): Promise<void> {
  const id = leader.pid;
  if (id === undefined || !signalGroup(id, "SIGTERM")) return;
  const isEnded = (): boolean => leader.exitCode !== null || leader.signalCode !== null;
  for (let waited = 0; waited < grace && !isEnded(); waited += STEP) await setTimeout(STEP);
  for (let waited = 0; waited < REST && isEnded() && signalGroup(id, 0); waited += STEP) await setTimeout(STEP);
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
