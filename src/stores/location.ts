import { resolve } from "node:path";
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
