import { createHash } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname, networkInterfaces, platform } from "node:os";
import { kill, pid as ownId } from "node:process";
import { readStat } from "./process-tree.ts";

const MARK = /^([0-9a-f]{12})-(\d{1,10})-(\d{1,20})$/;

/**
 * Returns a text for file names that identifies this process: a digest of its machine or container, its id, and its start time.
 * Returns `null` where another process could not tell that it has ended: without `/proc` on Linux, and on less common systems.
 */
export function processMark(): string | null {
  const scope = idScope();
  if (scope === null) return null;
  const started = platform() === "linux" ? readStat("self")?.started : "0";
  return started === undefined ? null : `${scope}-${String(ownId)}-${started}`;
}

/** Returns whether a process has certainly ended. A process of another machine or container counts as running. */
export function hasEnded(mark: string): boolean {
  const [, scope, id, started] = MARK.exec(mark) ?? [];
  if (scope === undefined || scope !== idScope()) return false;
  try {
    kill(Number(id), 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
  if (platform() !== "linux") return false;
  // The id may belong to a later process by now, or to one that has ended but is not reaped.
  const found = readStat(id ?? "");
  return found !== null && (found.isZombie || found.started !== started);
}

/**
 * Returns a digest that is the same for all processes whose ids and start times can be compared. On Linux it covers the boot and the
 * namespaces of ids and of times, elsewhere the machine.
 */
function idScope(): string | null {
  const parts = platform() === "linux" ? linuxScope() : machineScope();
  return parts === null ? null : createHash("sha256").update(parts.join("\n")).digest("hex").slice(0, 12);
}

function linuxScope(): string[] | null {
  try {
    // A foreign `/proc`, for example that of the host in a container, shows other ids.
    if (readStat("self")?.pid !== ownId) return null;
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return [boot, readlinkSync("/proc/self/ns/pid"), timeNamespace()];
  } catch {
    return null;
  }
}

/** Returns the namespace of monotonic times on Linux. Linux before 5.6 has none. */
export function timeNamespace(): string {
  try {
    return readlinkSync("/proc/self/ns/time");
  } catch {
    return "";
  }
}

/** The name alone is not unique: many machines are called localhost. */
function machineScope(): string[] | null {
  if (platform() !== "darwin" && platform() !== "win32") return null;
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  const macs = new Set(addresses.filter(({ internal }) => !internal).map(({ mac }) => mac));
  return macs.size === 0 ? null : [hostname(), ...[...macs].sort()];
}
