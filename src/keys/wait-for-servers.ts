import { count } from "../core/count.ts";
import type { Follower } from "../core/follower.ts";
import { includes, type Position } from "../core/position.ts";
import { sleep } from "../core/sleep.ts";
import { KeysError } from "../errors.ts";
import type { KeyStore } from "../stores/store.ts";
import { systemTicks } from "../world.ts";

/** Milliseconds between two looks: the first is short, because servers answer within milliseconds. */
const FIRST_PAUSE = 2;
const LONGEST_PAUSE = 100;
/** Names in an error; a fleet may have many servers. */
const NAMED = 10;

/**
 * What {@link waitForServers} saw.
 * @example
 * ```ts
 * import type { Confirmation } from "mcp-keys";
 *
 * const describe = ({ servers, of, ms }: Confirmation): string => `${servers} of ${of} servers in ${ms} ms`;
 * ```
 */
export interface Confirmation {
  /** How many servers have applied the position, or accept nothing because their lease has run out. */
  readonly servers: number;
  /** How many servers follow the store. */
  readonly of: number;
  /** Milliseconds until all of them had. */
  readonly ms: number;
  /** Those that had not in time. */
  readonly lagging: readonly Follower[];
}

/**
 * Options of {@link waitForServers}.
 * @example
 * ```ts
 * import type { WaitOptions } from "mcp-keys";
 *
 * const options: WaitOptions = { timeout: 30_000, signal: AbortSignal.timeout(5_000) };
 * ```
 */
export interface WaitOptions {
  /** Milliseconds to wait at most. Default: 10000. */
  readonly timeout?: number;
  /** Ends the wait early. */
  readonly signal?: AbortSignal;
  /** A monotonic clock in milliseconds. */
  readonly ticks?: () => number;
}

/**
 * Waits until every server that follows a store has applied a position. Then no server accepts what was revoked until there, no stream
 * of it is open, and every server accepts what was issued. A server without write access to the store is not seen.
 * @param options - `timeout` in milliseconds, 10000 by default
 * @returns what was seen, also if servers lag
 * @throws {@link KeysError} `USAGE` for a store that servers do not report to; what the store throws, `STORE_UNAVAILABLE` only if it does
 *   not answer at the end of the time
 * @example
 * ```ts
 * import { createKeys, openStore, waitForServers } from "mcp-keys";
 *
 * const store = await openStore();
 * const { position } = await createKeys({ store }).revoke("ci");
 * const { lagging } = await waitForServers(store, position);
 * if (lagging.length > 0) console.error(`not confirmed by ${lagging.map(({ name }) => name).join(", ")}`);
 * ```
 */
export async function waitForServers(
  store: KeyStore,
  position: Position,
  { timeout = 10_000, signal, ticks = systemTicks }: WaitOptions = {},
): Promise<Confirmation> {
  if (store.followers === undefined) throw cannotConfirm(store);
  const start = ticks();
  /** Those that were alive at some look. One whose lease runs out meanwhile counts as confirmed. */
  const seen = new Set<string>();
  for (let pause = FIRST_PAUSE; ; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
    const listed = await store.followers().catch(toFault);
    const ms = ticks() - start;
    const isOver = ms >= timeout || signal?.aborted === true;
    if (listed instanceof KeysError) {
      // A database that restarts answers again soon.
      if (isOver || listed.code !== "STORE_UNAVAILABLE") throw listed;
    } else {
      const alive = listed.filter(({ leaseLeft }) => leaseLeft > 0);
      for (const { id } of alive) seen.add(id);
      const lagging = alive.filter((follower) => !includes(follower.position, position));
      if (lagging.length === 0 || isOver) {
        return { servers: seen.size - lagging.length, of: seen.size, ms: Math.round(ms), lagging };
      }
    }
    await sleep(Math.min(pause, timeout - ms), signal);
  }
}

/** @throws {@link KeysError} `USAGE` if servers that use this store cannot report to it */
export function cannotConfirm({ spec }: KeyStore): KeysError {
  return new KeysError("USAGE", `servers do not report to ${spec}, so nothing can be waited for`, {
    hint: "remove --wait",
  });
}

/** The error for servers that did not confirm in time. */
export function notConfirmed({ servers, of, ms, lagging }: Confirmation): KeysError {
  const names = lagging.slice(0, NAMED).map(({ name, id }) => `${name} (${id})`);
  const more = lagging.length > NAMED ? ` and ${String(lagging.length - NAMED)} more` : "";
  const lag = lagging.length === 1 ? "lags" : "lag";
  const left = String(Math.ceil(Math.max(...lagging.map(({ leaseLeft }) => leaseLeft)) / 1000));
  const waited = `${(ms / 1000).toFixed(1)} s`;
  return new KeysError(
    "NOT_CONFIRMED",
    `confirmed by ${String(servers)} of ${count(of, "server")} in ${waited}; ${names.join(", ")}${more} ${lag}`,
    { hint: `a server that was killed counts as confirmed after its lease, in ${left} s; see: mcp-keys servers` },
  );
}

function toFault(cause: unknown): KeysError {
  if (cause instanceof KeysError) return cause;
  throw cause;
}
