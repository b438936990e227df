import { homedir, userInfo, hostname } from "node:os";
import { random } from "nanoid";
import { resolveDataDir } from "./config.ts";
import { parsePeppers, type Pepper } from "./core/digest.ts";
import type { Epoch } from "./core/key.ts";
import type { StoreWorld } from "./stores/store.ts";

/**
 * The outside as it is, for those who use the library and pass no world of their own. Beside the CLI's `main.ts` the only
 * file that looks at the process, the clock and the source of randomness; everything else is told.
 */

/** The system's clock in whole seconds. */
export function systemNow(): Epoch {
  return Math.floor(Date.now() / 1000);
}

/** Milliseconds of a clock that only goes forward. */
export function systemTicks(): number {
  return performance.now();
}

/** `size` bytes from the operating system's generator, from a pool, so that issuing many keys stays cheap. */
export function systemRandom(size: number): Uint8Array {
  return random(size);
}

/** What a store may know of this process. */
export function systemStoreWorld(): StoreWorld {
  return {
    env: process.env,
    uid: process.getuid?.() ?? null,
    dataDir: resolveDataDir(process.env, process.platform),
  };
}

/** What `MCP_KEYS_PEPPER` holds in this process. @throws `KeysError` `PEPPER_INVALID` */
export function systemPeppers(): Pepper[] {
  return parsePeppers(process.env["MCP_KEYS_PEPPER"]);
}

/** Who acts, for the history: `ada@laptop`. */
export function systemActor(): string {
  return `${userName()}@${hostname()}`.slice(0, 128);
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under a number that no user database knows.
    return `uid-${String(process.getuid?.() ?? homedir())}`;
  }
}
