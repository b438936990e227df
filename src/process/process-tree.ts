import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { platform } from "node:os";

/** A process of this machine. Ids are used again, but not with the same start time. */
export interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  readonly started: string;
}

/** A process as `/proc` shows it. */
interface ProcessStat extends ProcessEntry {
  /** Whether it has ended, and its parent has not noticed yet. */
  readonly isZombie: boolean;
}

/**
 * Returns the processes of `known` that still run, and everything they started, in any process group and session. Empty on Windows.
 * A process whose parent has ended belongs to no tree, so remember the tree before you end it.
 */
export function findTree(known: readonly ProcessEntry[], all = listProcesses()): ProcessEntry[] {
  const isKnown = ({ pid, started }: ProcessEntry) =>
    known.some((each) => each.pid === pid && (each.started === started || each.started === ""));
  const tree = new Map(all.filter(isKnown).map((entry) => [entry.pid, entry]));
  for (let size = -1; size !== tree.size;) {
    size = tree.size;
    for (const entry of all) if (tree.has(entry.parent)) tree.set(entry.pid, entry);
  }
  return [...tree.values()];
}

/** Returns the process with this id and everything it started. */
export function treeOf(pid: number): ProcessEntry[] {
  return findTree([{ pid, parent: 0, started: "" }]);
}

/**
 * Kills processes and everything they started. It stops all of them first, because a stopped process cannot start another one.
 * @param signal - sends a signal and ignores that a process has ended
 */
export function killTree(known: readonly ProcessEntry[], signal: (pid: number, name: NodeJS.Signals) => void): void {
  const stopped = new Set<number>();
  let tree = findTree(known);
  for (let round = 0; round < 10 && tree.some(({ pid }) => !stopped.has(pid)); round++) {
    for (const { pid } of tree) {
      if (!stopped.has(pid)) signal(pid, "SIGSTOP");
      stopped.add(pid);
    }
    tree = findTree(known);
  }
  for (const { pid } of tree) signal(pid, "SIGKILL");
}

function listProcesses(): ProcessEntry[] {
  if (platform() === "win32") return [];
  try {
    return platform() === "linux" ? readProc() : askPs();
  } catch {
    return []; // no /proc or no ps: the process group is all we know
  }
}

function readProc(): ProcessEntry[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const found = readStat(name);
      return found === null || found.isZombie ? [] : [found];
    });
}

/**
 * Returns a process of `/proc` on Linux, or `null` if it cannot be read.
 * @param name - its id, or `self`
 */
export function readStat(name: string): ProcessStat | null {
  try {
    return parseStat(readFileSync(`/proc/${name}/stat`, "latin1"));
  } catch {
    return null;
  }
}

/** Parses `<pid> (<name>) <state> <parent> …`, see proc(5). The name may contain spaces and parentheses. */
function parseStat(text: string): ProcessStat {
  const [state, parent = "", ...rest] = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return { pid: Number.parseInt(text), parent: Number(parent), started: String(rest[17]), isZombie: state === "Z" };
}

function askPs(): ProcessEntry[] {
  const output = execFileSync("ps", ["-A", "-o", "pid=,ppid=,lstart="], { encoding: "utf8", timeout: 2_000 });
  return output.split("\n").flatMap((line) => {
    const [, pid, parent, started = ""] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    return pid === undefined ? [] : [{ pid: Number(pid), parent: Number(parent), started }];
  });
}
