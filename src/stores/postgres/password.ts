import { readFile } from "node:fs/promises";
import { KeysError } from "../../errors.ts";
import type { StoreWorld } from "../store.ts";

/**
 * Returns the password for a database, or how to get it: from the file in `MCP_KEYS_PG_PASSWORD_FILE`, which is read for each connection
 * because it may be replaced, or from `PGPASSWORD`. `undefined` leaves it to `pg`, which reads `~/.pgpass`.
 */
export function readPassword(env: StoreWorld["env"]): string | (() => Promise<string>) | undefined {
  const path = env["MCP_KEYS_PG_PASSWORD_FILE"] ?? "";
  if (path === "") return env["PGPASSWORD"] || undefined;
  return async () => {
    const text = await readFile(path, "utf8").catch((cause: unknown) => {
      throw new KeysError("STORE_UNAVAILABLE", "the file in MCP_KEYS_PG_PASSWORD_FILE cannot be read", {
        hint: "set it to the path of a file that contains only the password of the database",
        cause,
      });
    });
    return text.replace(/\r?\n$/, "");
  };
}
