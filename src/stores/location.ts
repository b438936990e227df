import { join, resolve } from "node:path";
import { KeysError } from "../errors.ts";
import type { StoreWorld } from "./store.ts";

/**
 * The absolute path that a location names; `~/` is the home folder.
 * @throws {@link KeysError} `USAGE` for a NUL, `STORE_UNAVAILABLE` for `~` without HOME.
 */
export function parsePath(location: string, env: StoreWorld["env"]): string {
  if (location.includes("\0")) throw new KeysError("USAGE", "a path holds a NUL character");
  if (location !== "~" && !location.startsWith("~/")) return resolve(location);
  const home = env["HOME"];
  if (home !== undefined && home !== "") return resolve(home, location.slice(2));
  throw new KeysError("STORE_UNAVAILABLE", "~ stands for nothing, since HOME is not set", {
    hint: "set HOME, or name the whole path: --store file:<path>",
  });
}

/**
 * The absolute path of a file in the user's data folder.
 * @throws {@link KeysError} `STORE_UNAVAILABLE` when there is no such folder.
 */
export function inDataDir(name: string, { dataDir }: Pick<StoreWorld, "dataDir">): string {
  if (dataDir !== null) return join(resolve(dataDir), name);
  throw new KeysError("STORE_UNAVAILABLE", "there is no data folder to keep the keys in, since HOME is not set", {
    hint: "set HOME, or name a file: --store file:<path>",
  });
}
