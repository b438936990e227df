import type { Keyset } from "../../core/keyset/keyset.ts";
import type { KeyMap } from "../key-map.ts";
import { parsePath } from "../location.ts";
import { Mutex } from "../mutex.ts";
import type { KeyStore, StoreWorld } from "../store.ts";
import { ReportFile } from "./report-file.ts";

/** The keys of a keyset, and where it comes from. */
interface ReadKeyset {
  readonly keyset: Keyset;
  readonly keyMap: KeyMap;
}

/**
 * Returns {@link KeyStore.report} for a store with the keys of a keyset.
 * @param read - returns the keyset in use
 */
export function createReporting(
  env: StoreWorld["env"],
  read: () => Promise<ReadKeyset>,
): NonNullable<KeyStore["report"]> {
  const files = new Map<string, ReportFile>();
  const mutex = new Mutex();
  return (location, report) =>
    mutex.run(async () => {
      const path = parsePath(location, env);
      const file = files.get(path) ?? new ReportFile(path);
      files.set(path, file);
      const { keyset, keyMap } = await read();
      await file.write(report, { store: keyset.store, has: (id) => keyMap.byId(id) !== null });
    });
}
