import { spawn, type ChildProcess, type StdioOptions } from "node:child_process";
import { platform } from "node:os";
import ownProcess, { kill } from "node:process";
import { setTimeout as wait } from "node:timers/promises";
import { findTree, killTree, treeOf, type ProcessEntry } from "./process-tree.ts";

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
   * Starts a process group, which keeps together what {@link RunningProcess.end} ends. Ctrl-C at the terminal does not reach it, and it
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
  readonly #ownsGroup: boolean;
  #remembered: readonly ProcessEntry[] = [];

  /** @param child - must have just started, or events are missed */
  constructor(child: ChildProcess, ownsGroup: boolean) {
    this.child = child;
    this.#ownsGroup = ownsGroup;
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
    await atMost(this.#closed, limit);
    return exit;
  }

  /**
   * Lets the process finish, and remembers what it started: a process whose parent has ended can no longer be found.
   * @param limit - milliseconds to wait for its end
   */
  async letFinish(limit: number): Promise<void> {
    this.#remembered = this.#findTree();
    await atMost(this.exited, limit);
  }

  /**
   * Ends the process, its group and everything it started, with SIGTERM and, after `grace`, SIGKILL. Returns when they are gone;
   * if they already were, that is no error.
   * @param grace - milliseconds
   */
  async end(grace = GRACE): Promise<void> {
    if (platform() === "win32") {
      this.kill();
      return;
    }
    // Before they lose their parent.
    const tree = this.#findTree();
    if (!this.#signalGroup("SIGTERM") && tree.length === 0) return;
    if (!this.#ownsGroup) for (const { pid } of tree) signalProcess(pid, "SIGTERM");
    const isLeft = () => this.#signalGroup(0) || findTree(tree).length > 0;
    for (let waited = 0; waited < grace && !this.#hasEnded(); waited += STEP) await wait(STEP);
    for (let waited = 0; waited < ORPHAN_GRACE && this.#hasEnded() && isLeft(); waited += STEP) await wait(STEP);
    this.#killAll(tree);
  }

  /**
   * Kills everything if this process ends first, in whatever way it can notice.
   * @returns a function that takes this back
   */
  killAtExit(): () => void {
    const onExit = () => this.#killAll(this.#findTree());
    ownProcess.once("exit", onExit);
    return () => {
      ownProcess.off("exit", onExit);
    };
  }

  #killAll(tree: readonly ProcessEntry[]): void {
    killTree(tree, signalProcess);
    this.#signalGroup("SIGKILL");
  }

  #findTree(): ProcessEntry[] {
    const { pid } = this.child;
    const tree = pid === undefined || this.#hasEnded() ? [] : treeOf(pid);
    return this.#remembered.length === 0 ? tree : findTree([...this.#remembered, ...tree]);
  }

  #hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** Returns false if the process has no group of its own, or if that has no processes left. */
  #signalGroup(signal: NodeJS.Signals | 0): boolean {
    return this.#ownsGroup && this.child.pid !== undefined && signalProcess(-this.child.pid, signal);
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
  if ((child as Partial<ChildProcess>).stdio !== undefined) return new RunningProcess(child, detached);
  // No file descriptors are left for pipes. Node then creates no streams, and reports the error on a later tick.
  child.on("error", () => undefined);
  throw new Error(`cannot open pipes to ${command}: too many open files`);
}

/** Waits for a promise that never rejects, at most `limit` milliseconds. */
async function atMost(promise: Promise<unknown>, limit: number): Promise<void> {
  if (limit === Infinity) {
    await promise;
    return;
  }
  const timer = new AbortController();
  const late = wait(limit, undefined, { signal: timer.signal }).catch(() => undefined);
  await Promise.race([promise, late]);
  timer.abort();
}

/** Signals a process, or with a negative id a group. Returns false if there is none. */
function signalProcess(id: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return kill(id, signal);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}
