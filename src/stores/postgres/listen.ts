import { randomInt } from "node:crypto";
import type { PostgresClient } from "./client.ts";
import { sessionOf } from "./database.ts";
import { codeOf } from "./fault.ts";
import { channelOf } from "./store-change.ts";
import type { Tables } from "./tables.ts";

/** How often the listening connection is checked: it may have died without a word. In milliseconds. */
const HEARTBEAT_MS = 10_000;
const HEARTBEAT_LIMIT_MS = 5_000;
/** Pauses before the next attempt double from the first to the last. */
const FIRST_PAUSE_MS = 250;
const LAST_PAUSE_MS = 15_000;
/** The pause where listening does not work: a standby may become the primary. */
const LONG_PAUSE_MS = 60_000;

/** Why notifications cannot arrive here. */
class Deaf extends Error {}

/**
 * Keeps one connection that listens for changes, and calls `wake` for each, and after each new connection: what came before is unknown.
 * Says once why if it does not work here.
 * @param isForced - whether to listen behind a pooler, too, because it keeps sessions
 * @returns a function that stops it
 */
export function listen(
  tables: Tables,
  isForced: boolean,
  wake: () => void,
  report: (line: string) => void,
): () => void {
  let stop = () => {};
  let isStopped = false;
  let isReported = false;
  let pause = FIRST_PAUSE_MS;
  let timer: NodeJS.Timeout | undefined;

  const later = (ms: number, job: () => void) => {
    timer = setTimeout(job, ms);
    timer.unref();
  };
  const onFault = (fault: unknown) => {
    stop = () => {};
    if (isStopped) return;
    const reason = deafnessOf(fault);
    if (reason !== null && !isReported) {
      report(`no notifications from ${tables.place}: ${reason}; changes are found within a second by polling`);
      isReported = true;
    }
    wake();
    later(reason === null ? randomInt(pause / 2, pause) : LONG_PAUSE_MS, start);
    pause = Math.min(pause * 2, LAST_PAUSE_MS);
  };
  const start = () => {
    stop = hear(tables, isForced, wake, onHeard, onFault);
  };
  const onHeard = () => (pause = FIRST_PAUSE_MS);

  start();
  return () => {
    isStopped = true;
    clearTimeout(timer);
    stop();
  };
}

/** Listens on one connection until it fails, which `onEnd` is told once. Returns a function that ends it silently. */
function hear(
  { database, schema }: Tables,
  isForced: boolean,
  wake: () => void,
  onHeard: () => void,
  onEnd: (fault: unknown) => void,
): () => void {
  const channel = channelOf(schema);
  let client: PostgresClient | null = null;
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;

  const end = (fault: unknown, isSilent = false) => {
    if (isOver) return;
    isOver = true;
    clearTimeout(timer);
    if (client !== null) database.give(client, false);
    if (!isSilent) onEnd(fault);
  };
  const beat = async (each: PostgresClient) => {
    const heard = "select count(*)::text as count from pg_listening_channels() c where c = $1";
    const [row] = await sessionOf(each).query(heard, [channel], HEARTBEAT_LIMIT_MS);
    if (row?.["count"] !== "1") throw new Deaf("a pooler in between gives each transaction another session");
    if (isOver) return;
    timer = setTimeout(() => void beat(each).catch(end), HEARTBEAT_MS);
    timer.unref();
  };
  const run = async () => {
    const taken = await database.take();
    if (isOver) {
      database.give(taken, true);
      return;
    }
    client = taken;
    taken.on("end", end);
    taken.on("error", end);
    taken.on("notification", (message) => {
      if (message.channel === channel) wake();
    });
    const session = sessionOf(taken);
    if (!isForced) await checkDirect(taken, await session.query("select pg_backend_pid()::text as pid"));
    await session.query(`listen ${channel}`);
    await beat(taken);
    (taken as { unref?: () => void }).unref?.();
    onHeard();
    wake();
  };
  run().catch(end);
  return () => end(null, true);
}

/** A pooler makes up the id of the process that it announces at login. */
export async function checkDirect(client: PostgresClient, rows: readonly { pid?: string | null }[]): Promise<void> {
  const { processID } = client as { processID?: unknown };
  if (typeof processID === "number" && String(processID) !== rows[0]?.pid) {
    throw new Deaf("there is a connection pooler in between");
  }
}

/** Returns why listening does not work here at all, or `null` for a fault that passes. */
export function deafnessOf(fault: unknown): string | null {
  if (fault instanceof Deaf) return fault.message;
  if (codeOf(fault) === "25006") return "it is a standby";
  return codeOf(fault) === "0A000" || codeOf(fault) === "42601" ? "it does not support them" : null;
}
