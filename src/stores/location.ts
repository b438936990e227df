import { join, resolve } from "node:path";
import { KeysError } from "../errors.ts";
import type { StoreWorld } from "./store.ts";

/**
 * Converts a location to an absolute path. `~/` is the home folder.
 * @throws {@link KeysError} `USAGE` for a NUL character, `STORE_UNAVAILABLE` for `~` without HOME
 */
export function parsePath(location: string, env: StoreWorld["env"]): string {
  if (location.includes("\0")) throw new KeysError("USAGE", "the path contains a NUL character");
  if (location !== "~" && !location.startsWith("~/")) return resolve(location);
  const home = env["HOME"];
  if (home !== undefined && home !== "") return resolve(home, location.slice(2));
  throw new KeysError("STORE_UNAVAILABLE", "~ is unknown, because HOME is not set", {
    hint: "set HOME, or use an absolute path: --store file:<path>",
  });
}

/**
 * Returns the absolute path of a file in the user's data folder.
 * @throws {@link KeysError} `STORE_UNAVAILABLE` without a data folder
 */
export function inDataDir(name: string, { dataDir }: Pick<StoreWorld, "dataDir">): string {
  if (dataDir !== null) return join(resolve(dataDir), name);
  throw new KeysError(
    "STORE_UNAVAILABLE",
    "there is no data folder for the keys, because HOME is not set to an absolute path",
    {
      hint: "set HOME, or choose a file: --store file:<path>",
    },
  );
}
