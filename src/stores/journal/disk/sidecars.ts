import { basename, dirname } from "node:path";
import type { Disk } from "./disk.ts";
import { codeOf, faultOf } from "./fault.ts";
import type { JournalLocation } from "./folder.ts";

/**
 * The kinds of files that a journal keeps next to itself: its checkpoint, last-used times, the file that will replace it, its
 * reserve of disk space, the verifiers that follow it, and unfinished drafts of the first two. A `stray` only looks like one of them,
 * and is never used.
 */
export type Sidecar = "checkpoint" | "uses" | "next" | "reserve" | "follower" | "draft" | "stray";

/** The suffixes after the journal's file name. The first match counts. */
const SUFFIXES: readonly (readonly [Sidecar, RegExp])[] = [
  ["draft", /^\.(?:checkpoint|used\.[0-9a-f]{16})\.tmp$/],
  ["checkpoint", /^\.checkpoint$/],
  ["uses", /^\.used\.[0-9a-f]{16}$/],
  ["next", /^\.[0-9a-f]{12}\.next$/],
  ["reserve", /^\.reserve$/],
  ["follower", /^\.follower\.[0-9a-f]{16}$/],
  ["stray", /^\.(?:used|checkpoint|reserve|follower|next)\b|\.next$/s],
];

/** Returns the kind of sidecar with this file name, or `null` if it is the name of another file. */
export function sidecarOf({ path }: Pick<JournalLocation, "path">, name: string): Sidecar | null {
  if (!name.startsWith(basename(path))) return null;
  const suffix = name.slice(basename(path).length);
  return SUFFIXES.find(([, pattern]) => pattern.test(suffix))?.[0] ?? null;
}

/**
 * Lists the sidecars of these kinds. Empty when the folder is missing.
 * @throws {@link KeysError} `STORE_UNAVAILABLE`
 */
export async function sidecars(
  disk: Disk,
  location: JournalLocation,
  wanted: readonly Sidecar[],
): Promise<{ name: string; kind: Sidecar }[]> {
  try {
    const names = await disk.readdir(dirname(location.path));
    return names.flatMap((name) => {
      const kind = sidecarOf(location, name);
      return kind !== null && wanted.includes(kind) ? [{ name, kind }] : [];
    });
  } catch (cause) {
    if (codeOf(cause) === "ENOENT") return [];
    throw faultOf(cause, "read", dirname(location.path));
  }
}
