import { resolveConfig } from "./config.ts";
import { checkArgument, TEXT } from "./core/options.ts";
import { openStore as openStoreIn } from "./stores/index.ts";
import type { KeyStore, StoreWorld } from "./stores/store.ts";
import { systemStoreWorld } from "./world.ts";

/**
 * What a store may know of the outside; what is left out is taken from this process.
 * @example
 * ```ts
 * import { openStore, type OpenStoreOptions } from "mcp-keys";
 *
 * const options: OpenStoreOptions = { env: { MCP_API_KEY: process.env["CI_TOKEN"] } };
 * const store = await openStore("env:", options);
 * ```
 */
export type OpenStoreOptions = Partial<StoreWorld>;

/**
 * Opens the store that a spec names, as `--store` does: `file:/srv/keys.jsonl`, `file:` for the user's data folder, `env:`,
 * `archive:<path>`, `memory:`. Without a spec: `MCP_KEYS_STORE`, else `file:`. Writes nothing.
 * @throws `KeysError` `USAGE` for a spec that names no store; `STORE_UNAVAILABLE`, `STORE_INSECURE`, `STORE_DAMAGED`
 * @example
 * ```ts
 * import { openStore } from "mcp-keys";
 *
 * const store = await openStore("file:/srv/mcp-keys/keys.jsonl");
 * console.log((await store.list()).length);
 * await store.close();
 * ```
 */
export async function openStore(spec?: string, options: OpenStoreOptions = {}): Promise<KeyStore> {
  if (spec !== undefined) checkArgument("the store", spec, { ...TEXT, hint: "name one, such as file:/srv/keys.jsonl" });
  const world = { ...systemStoreWorld(), ...options };
  return openStoreIn(resolveConfig({ store: spec }, world.env).store, world);
}
