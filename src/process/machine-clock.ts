import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { platform } from "node:os";
import { hrtime } from "node:process";
import { timeNamespace } from "./process-mark.ts";

/** The clocks of this machine, in milliseconds. */
export interface MachineClock {
  /** All processes with the same scope have the same {@link ticks}. `null` if that is unknown. */
  readonly scope: string | null;
  /** Counts up steadily, also while somebody sets the wall clock. */
  readonly ticks: () => number;
  /** The wall clock. */
  readonly now: () => number;
}

/** Returns the clocks of this machine. On Linux, processes in different containers have the same ticks. */
export function machineClock(): MachineClock {
  return { scope: clockScope(), ticks, now: () => Date.now() };
}

function ticks(): number {
  const [seconds, nanoseconds] = hrtime();
  return seconds * 1_000 + Math.floor(nanoseconds / 1_000_000);
}

/** Covers the boot and the namespace of times: each of them starts its own count. */
function clockScope(): string | null {
  if (platform() !== "linux") return null;
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return createHash("sha256").update(`${boot}\n${timeNamespace()}`).digest("hex").slice(0, 12);
  } catch {
    return null;
  }
}
