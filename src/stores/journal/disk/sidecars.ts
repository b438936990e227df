import { basename, dirname } from "node:path";
import type { Disk } from "./disk.ts";
import { codeOf, faultOf } from "./fault.ts";
import type { Place } from "./folder.ts";

/** What a file beside a journal is: a mark, last-used times, a file that is to go on in its place, or one half written. */
export type Sidecar = "mark" | "uses" | "next" | "draft";

/** What stands behind the journal's name in theirs. The first that fits. */
const ENDINGS: readonly (readonly [Sidecar, RegExp])[] = [
  ["draft", /^\.(mark|used\..*)\.tmp$/s],
  ["mark", /^\.mark$/],
  ["uses", /^\.used\./],
  ["next", /^\.[0-9a-f]{12}\.next$/],
];

/** What the file of this name would be to the journal `path`; `null` when it has nothing to do with it. */
export function sidecarOf({ path }: Pick<Place, "path">, name: string): Sidecar | null {
  if (!name.startsWith(basename(path))) return null;
  const ending = name.slice(basename(path).length);
  return ENDINGS.find(([, pattern]) => pattern.test(ending))?.[0] ?? null;
}

/**
 * The files of these kinds that stand beside a journal; none where its folder is missing.
 * @throws {@link KeysError} `STORE_UNAVAILABLE`
 */
export async function sidecars(
  disk: Disk,
  place: Place,
  wanted: readonly Sidecar[],
): Promise<{ name: string; kind: Sidecar }[]> {
  try {
    const names = await disk.readdir(dirname(place.path));
    return names.flatMap((name) => {
      const kind = sidecarOf(place, name);
      return kind !== null && wanted.includes(kind) ? [{ name, kind }] : [];
    });
  } catch (cause) {
    if (codeOf(cause) === "ENOENT") return [];
    throw faultOf(cause, "read", dirname(place.path));
  }
}
