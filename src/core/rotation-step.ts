import { isUsable } from "./judge.ts";
import type { Epoch, Key, Version } from "./key.ts";

/** Where the rotation of a key has stopped, or what it waits for. */
export interface RotationStep {
  /**
   * `deliver`: a version is staged, and its token may be on its way or may have arrived. `overlap`: the new version is current, and an
   * older one still works.
   */
  readonly step: "deliver" | "overlap";
  /** The staged version, or the newest one. */
  readonly version: Version;
}

/** Returns the step of the rotation in progress, from the versions that work at `now`; `null` if there is none. */
export function rotationStep(key: Key, now: Epoch): RotationStep | null {
  const usable = key.versions.filter((version) => isUsable(version, now));
  const pending = usable.findLast(({ state }) => state === "pending");
  if (pending !== undefined) return { step: "deliver", version: pending };
  const newest = usable.at(-1);
  return newest !== undefined && usable.some(({ state }) => state === "retiring")
    ? { step: "overlap", version: newest }
    : null;
}
