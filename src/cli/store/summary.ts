import type { Follower } from "../../core/follower.ts";
import type { Position } from "../../core/position.ts";
import { KeysError } from "../../errors.ts";
import { parseStoreSpec } from "../../stores/index.ts";
import { inspectFiles } from "../../stores/inspect-files.ts";
import type { KeyStore } from "../../stores/store.ts";
import type { Context } from "../context.ts";
import { serverState, UP_TO_DATE } from "../server-state.ts";

/** How many servers that lag are named. */
const NAMED = 3;

export interface StoreSummary {
  readonly spec: string;
  /** Path of the history file; `null` if the store has none. */
  readonly path: string | null;
  /** Number of keys, including revoked ones; `null` if they cannot be read. */
  readonly keys: number | null;
  readonly writable: boolean;
  /** `null` if the keys cannot be read, or the store is read-only. */
  readonly position: Position | null;
  /** The servers that follow the store; `null` if they do not report to it, or this user may not list them. */
  readonly servers: readonly Follower[] | null;
  /** Why the keys cannot be read. */
  readonly fault: KeysError | null;
}

/** Describes a store as far as it opens. */
export async function summarizeStore(ctx: Context, named: string): Promise<StoreSummary> {
  // Only the scheme until the store opens: the rest may be a connection string with a password.
  let found: StoreSummary = {
    spec: named.slice(0, named.indexOf(":") + 1),
    path: null,
    keys: null,
    writable: false,
    position: null,
    servers: null,
    fault: null,
  };
  try {
    const store = await ctx.store();
    found = { ...found, spec: store.spec, path: store.path ?? null };
    const keys = (await store.list({ digests: false })).length;
    const writable = await mayWrite(ctx, named, store);
    found = { ...found, keys, writable };
    if (store.readOnly) return found;
    return { ...found, position: await store.position(), servers: await listServers(store, writable) };
  } catch (fault) {
    if (fault instanceof KeysError) return { ...found, fault };
    throw fault;
  }
}

/** Tells whether this user may change keys. */
async function mayWrite({ world }: Context, named: string, store: KeyStore): Promise<boolean> {
  if (store.readOnly) return false;
  if (store.path !== undefined) return (await inspectFiles(store.path)).writable;
  const { scheme, location } = parseStoreSpec(named);
  if (scheme !== "postgres") return true;
  const { inspectPostgres } = await import("../../stores/postgres/inspect.ts");
  const report = await inspectPostgres(location, world);
  return !report.isStandby && (report.tables === null ? report.mayCreate : report.mayWrite);
}

/** Lists the servers. The user of a server, who may not change keys, may not see the other servers. */
async function listServers(store: KeyStore, writable: boolean): Promise<readonly Follower[] | null> {
  try {
    return (await store.followers?.()) ?? null;
  } catch (fault) {
    if (!writable && fault instanceof KeysError) return null;
    throw fault;
  }
}

/** Says how many servers have applied the last change, and names those that lag. */
export function describeServers(servers: readonly Follower[], position: Position): string {
  if (servers.length === 0) return "none";
  const states = servers.map((server) => ({ name: server.name, state: serverState(server, position) }));
  const late = states.filter(({ state }) => state !== UP_TO_DATE);
  const whole = `${String(servers.length - late.length)} of ${String(servers.length)} ${UP_TO_DATE}`;
  const named = late.slice(0, NAMED).map(({ name, state }) => `${name}: ${state}`);
  const more = late.length > NAMED ? [`${String(late.length - NAMED)} more: mcp-keys servers`] : [];
  return [whole, ...named, ...more].join("; ");
}
