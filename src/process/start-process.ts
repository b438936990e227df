import { spawn, type ChildProcess, type StdioOptions } from "node:child_process";
import { platform } from "node:os";
import { kill } from "node:process";
import { setTimeout as wait } from "node:timers/promises";

/** Milliseconds between SIGTERM and SIGKILL. */
export const GRACE = 2000;
/** Milliseconds to wait for processes that outlive the leader. Short, because a zombie that is never reaped looks alive. */
const ORPHAN_GRACE = 200;
const STEP = 20;

/** How a process ended: with an exit status or by a signal. Both are `null` if it could not start. */
export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** How to start a process. */
export interface ProcessOptions {
  /** The whole environment; `undefined` leaves a variable out. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdio: StdioOptions;
  readonly cwd?: string;
  /**
   * Starts a process group, which {@link RunningProcess.end} ends as a whole. Ctrl-C at the terminal does not reach it, and it
   * cannot read from the terminal. No effect on Windows.
   */
  readonly ownGroup?: boolean;
  /** Runs `command` in Node's default shell: `sh`, or `cmd` on Windows. */
  readonly shell?: boolean;
}

/** A process and its end. Errors of its streams are ignored: a broken pipe shows in the exit. */
export class RunningProcess {
  /** The streams are here. */
  readonly child: ChildProcess;
  /** Resolves when the process has started. Rejects with the error of the system if it cannot. */
  readonly started: Promise<void>;
  /** Resolves when the process has ended; its output may still be on the way. Never rejects. */
  readonly exited: Promise<ProcessExit>;
  readonly #closed: Promise<void>;

  /** @param child - must have just started, or events are missed */
  constructor(child: ChildProcess) {
    this.child = child;
    this.started = new Promise((resolve, reject) => void child.once("spawn", resolve).on("error", reject));
    this.exited = new Promise((resolve) => {
      child.once("exit", (code, signal) => resolve({ code, signal }));
      child.once("error", () => resolve({ code: null, signal: null }));
    });
    this.#closed = new Promise((resolve) => void child.once("close", () => resolve()));
    // Callers may not be interested in the start.
    this.started.catch(() => undefined);
    for (const stream of child.stdio) stream?.on("error", () => undefined);
  }

  /**
   * Resolves when the process has ended and its streams are closed. Never rejects.
   * @param limit - milliseconds to wait for the streams after the end: processes that it started may keep them open
   */
  async closed(limit = Infinity): Promise<ProcessExit> {
    const exit = await this.exited;
    if (limit === Infinity) await this.#closed;
    else {
      const timer = new AbortController();
      const late = wait(limit, undefined, { signal: timer.signal }).catch(() => undefined);
      await Promise.race([this.#closed, late]);
      timer.abort();
    }
    return exit;
  }

  /**
   * Ends the process group, with SIGTERM and, after `grace`, SIGKILL. Returns when the group is gone; an empty group is no error.
   * @param grace - milliseconds
   */
  async end(grace = GRACE): Promise<void> {
    const { child } = this;
    const id = child.pid;
    if (id === undefined || !signalGroup(id, "SIGTERM")) return;
    const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
    for (let waited = 0; waited < grace && !hasEnded(); waited += STEP) await wait(STEP);
    for (let waited = 0; waited < ORPHAN_GRACE && hasEnded() && signalGroup(id, 0); waited += STEP) await wait(STEP);
    signalGroup(id, "SIGKILL");
  }

  /** Kills the process, but not its children, and closes our ends of the streams, which the children may keep open. */
  kill(): void {
    this.child.kill("SIGKILL");
    for (const stream of this.child.stdio) stream?.destroy();
  }
}

/**
 * Starts a process. Every child process of the package starts here.
 * @throws an error for arguments that the system does not accept, and for too many open files; other failures reject
 *   {@link RunningProcess.started}
 */
export function startProcess(
  command: string,
  args: readonly string[],
  { env, stdio, cwd, ownGroup = false, shell = false }: ProcessOptions,
): RunningProcess {
  const detached = ownGroup && platform() !== "win32";
  const child = spawn(command, args, { env, stdio, cwd, shell, detached, windowsHide: true });
  if ((child as Partial<ChildProcess>).stdio !== undefined) return new RunningProcess(child);
  // No file descriptors are left for pipes. Node then creates no streams, and reports the error on a later tick.
  child.on("error", () => undefined);
  throw new Error(`cannot open pipes to ${command}: too many open files`);
}

/** Returns false if the group has no processes left. */
function signalGroup(id: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return kill(-id, signal);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}
