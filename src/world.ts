import { randomBytes } from "node:crypto";
import { homedir, userInfo, hostname } from "node:os";
import { resolveDataDir } from "./config.ts";
import { parsePeppers, type Pepper } from "./core/digest.ts";
import type { Epoch } from "./core/key.ts";
import { toServerName } from "./core/usage.ts";
import type { StoreWorld } from "./stores/store.ts";

/**
 * The defaults of the library for clock, randomness and environment. Only this file and the CLI's `main.ts` read them; everything
 * else gets them passed in.
 */

/** Returns the system time in whole seconds. */
export function systemNow(): Epoch {
  return Math.floor(Date.now() / 1000);
}

const { hrtime } = process;

/** Returns the milliseconds of a monotonic clock. `performance.now()` takes three times as long. */
export function systemTicks(): number {
  const [seconds, nanoseconds] = hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
}

/** In bytes. */
const POOL_SIZE = 8_192;
let pool = new Uint8Array();

/** Returns `size` bytes of the operating system's generator. They come from a pool, because a call for each key is slow. */
export function systemRandom(size: number): Uint8Array {
  if (size > pool.length) pool = randomBytes(Math.max(size, POOL_SIZE));
  const bytes = pool.subarray(0, size);
  pool = pool.subarray(size);
  return bytes;
}

/** Returns the environment of this process, for a store. */
export function systemStoreWorld(): StoreWorld {
  return {
    env: process.env,
    uid: process.getuid?.() ?? null,
    dataDir: resolveDataDir(process.env, process.platform),
  };
}

/**
 * Returns the peppers in `MCP_KEYS_PEPPER`.
 * @throws `KeysError` `PEPPER_INVALID`
 */
export function systemPeppers(): Pepper[] {
  return parsePeppers(process.env["MCP_KEYS_PEPPER"]);
}

/** Returns the name of this server: the host name, with other characters replaced. */
export function systemServerName(): string {
  return toServerName(hostname());
}

/** Returns the author to record in the history: `ada@laptop`. */
export function systemActor(): string {
  return `${userName()}@${hostname()}`.slice(0, 128);
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under a user id that has no name.
    return `uid-${String(process.getuid?.() ?? homedir())}`;
  }
}
