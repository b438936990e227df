import type { ChildProcess } from "node:child_process";
import { kill } from "node:process";
import { setTimeout } from "node:timers/promises";
import { errnoOf } from "./file-fault.ts";

/** Milliseconds between SIGTERM and SIGKILL. */
export const GRACE = 2000;
/** Milliseconds to wait for processes that outlive the leader. Short, because a zombie that is never reaped looks alive. */
const ORPHAN_GRACE = 200;
const STEP = 20;

/**
 * Ends a process group, with SIGTERM and, after `grace`, SIGKILL. Returns when the group is gone.
 * @param leader - a child that was started with `detached`; it may have failed to start
 * @param grace - milliseconds
 */
export async function endProcessGroup(leader: ChildProcess, grace = GRACE): Promise<void> {
  const id = leader.pid;
  if (id === undefined || !signalGroup(id, "SIGTERM")) return;
  const isEnded = (): boolean => leader.exitCode !== null || leader.signalCode !== null;
  for (let waited = 0; waited < grace && !isEnded(); waited += STEP) await setTimeout(STEP);
  for (let waited = 0; waited < ORPHAN_GRACE && isEnded() && signalGroup(id, 0); waited += STEP) await setTimeout(STEP);
  signalGroup(id, "SIGKILL");
}

/** Returns false if the group has no processes left. */
function signalGroup(id: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return kill(-id, signal);
  } catch (error) {
    return errnoOf(error) !== "ESRCH";
  }
}
