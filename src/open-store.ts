import { resolveConfig } from "./config.ts";
import {
  checkArgument,
  ENVIRONMENT,
  FLAG,
  FUNCTION,
  readOptions,
  TEXT,
  type Rule,
  type Rules,
} from "./core/options.ts";
import { isCount } from "./core/type-guards.ts";
import { openStore as openStoreIn } from "./stores/index.ts";
import type { KeyStore, StoreWorld } from "./stores/store.ts";
import { systemStoreWorld } from "./world.ts";

/**
 * The environment of a store. Members that are left out come from this process.
 * @example
 * ```ts
 * import { openStore, type OpenStoreOptions } from "mcp-keys";
 *
 * const options: OpenStoreOptions = { env: { MCP_API_KEY: process.env["CI_TOKEN"] } };
 * const store = await openStore("env:", options);
 * ```
 */
export type OpenStoreOptions = Partial<StoreWorld>;

const SPEC: Rule = { ...TEXT, hint: "pass a spec, for example file:/srv/keys.jsonl" };
const RULES: Rules<OpenStoreOptions> = {
  env: ENVIRONMENT,
  uid: { what: "a user id, or null", is: (value) => value === null || isCount(value) },
  dataDir: { what: "a path, or null", is: (value) => value === null || TEXT.is(value) },
  ...{ attended: FLAG, notify: FUNCTION },
};

/**
 * Opens a store. Writes nothing.
 * @param spec - as for `--store`: `file:/srv/keys.jsonl`, `file:` for the user's data folder, `keychain:`, `env:`,
 * `archive:<path>`, `memory:`. Default: `MCP_KEYS_STORE`, then `file:`.
 * @param options - the environment, for tests
 * @returns the open store; close it when you are done
 * @throws `KeysError` `USAGE` for an unknown spec; `STORE_UNAVAILABLE`, `STORE_LOCKED`, `STORE_INSECURE`, `STORE_DAMAGED`
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
  if (spec !== undefined) checkArgument("the store", spec, SPEC);
  const given = readOptions<OpenStoreOptions>("openStore", options, RULES);
  const world = { ...systemStoreWorld(), ...given };
  return openStoreIn(resolveConfig({ store: spec }, world.env).store, world);
}
