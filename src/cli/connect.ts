import type { Keys } from "../keys/keys.ts";
import type { KeyStore } from "../stores/store.ts";
import type { World } from "./context.ts";

/** Creates the operations on the keys of a store, with the clock, randomness, author and peppers of the run. */
export async function connect(store: KeyStore, world: World): Promise<Keys> {
  const { createKeys, parsePeppers } = await import("./lazy/keys.ts");
  const { now, random, actor: by } = world;
  return createKeys({ store, now, random, by, peppers: parsePeppers(world.env["MCP_KEYS_PEPPER"]) });
}
