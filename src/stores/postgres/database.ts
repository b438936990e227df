import { randomInt } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { KeysError } from "../../errors.ts";
import { isObject } from "../../core/type-guards.ts";
import { CONNECT_MS, cut, type PostgresClient, type PostgresPool } from "./client.ts";
import { isLost, isRepeatable, isTimeout, TimeoutFault } from "./fault.ts";

/** A row with every column as text. */
export type Row = Readonly<Record<string, string | null>>;

/** Runs statements on one connection. */
export interface SqlSession {
  /** @param text - one statement, or without values several; the rows are those of the last one */
  query(text: string, values?: readonly unknown[], timeout?: number): Promise<readonly Row[]>;
  /**
   * Runs a job in a transaction.
   * @param begin - the statements that begin it; the rows of the last one are passed to the job
   * @param onCommit - called right before the commit, after which only the server knows whether it took place
   */
  transact<T>(begin: string, job: (rows: readonly Row[]) => Promise<T>, onCommit?: () => void): Promise<T>;
}

/** How long a statement may take, in milliseconds. Longer than the server's own limits, which give a better error. */
export const QUERY_MS = 6_000;
/** How often a read is tried: the connections of the pool may have died unnoticed. */
const TRIES = 3;
/** How often a job is tried that conflicts with others at the isolation level `serializable`. */
const REPEATS = 15;
const END_MS = 1_000;

/** The connections to a database. No fault ends the process, and no call waits forever. */
export class Database {
  readonly #create: () => Promise<PostgresPool>;
  readonly #isOwn: boolean;
  #pool: Promise<PostgresPool> | null = null;
  #closed = false;

  /** @param isOwn - whether to close the pool at the end, and to replace it when connections hang */
  constructor(create: () => Promise<PostgresPool>, isOwn: boolean) {
    this.#create = create;
    this.#isOwn = isOwn;
  }

  /** Runs a job on a connection, and again if it was lost or the server asks for it, at the isolation level `serializable`. For reads, which may run twice. */
  async read<T>(job: (session: SqlSession) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.use(job);
      } catch (fault) {
        const isOver = isRepeatable(fault)
          ? attempt === REPEATS
          : !isLost(fault) || isTimeout(fault) || attempt === TRIES;
        if (isOver) throw fault;
        if (isRepeatable(fault)) await sleep(randomInt(2, 10 * attempt));
      }
    }
  }

  /** Runs a job on a connection, once. */
  async use<T>(job: (session: SqlSession) => Promise<T>): Promise<T> {
    const client = await this.take();
    let isHealthy = false;
    try {
      const result = await job(sessionOf(client));
      isHealthy = true;
      return result;
    } catch (fault) {
      isHealthy = !isLost(fault);
      if (isTimeout(fault)) this.#replacePool();
      throw fault;
    } finally {
      this.give(client, isHealthy);
    }
  }

  /** Takes a connection out of the pool. */
  async take(): Promise<PostgresClient> {
    if (this.#closed) throw closed();
    const pool = (this.#pool ??= this.#open());
    const taking = pool.then((each) => each.connect());
    const client = await limit(taking, CONNECT_MS + 1_000).catch((fault: unknown) => {
      // It may still come.
      taking.then((late) => late.release(true)).catch(ignore);
      throw fault;
    });
    client.on("error", ignore);
    return client;
  }

  /** Gives a connection back, or closes it. */
  give(client: PostgresClient, isHealthy: boolean): void {
    client.removeListener("error", ignore);
    if (!isHealthy) client.on("error", ignore);
    client.release(!isHealthy);
    if (!isHealthy) cut(client);
  }

  async close(): Promise<void> {
    this.#closed = true;
    const pool = await this.#pool?.catch(() => null);
    this.#pool = null;
    pool?.removeListener("error", ignore);
    if (!this.#isOwn || pool === undefined || pool === null) return;
    pool.on("error", ignore);
    await Promise.race([pool.end(), sleep(END_MS, undefined, { ref: false })]);
  }

  async #open(): Promise<PostgresPool> {
    try {
      const pool = await this.#create();
      // An idle connection that ends would end the process.
      pool.on("error", ignore);
      return pool;
    } catch (fault) {
      this.#pool = null;
      throw fault;
    }
  }

  /** A connection that hangs is seldom alone: all of them would be tried one after the other. */
  #replacePool(): void {
    if (!this.#isOwn || this.#closed) return;
    const old = this.#pool;
    this.#pool = null;
    old?.then((pool) => pool.end()).catch(ignore);
  }
}

/** Returns the session of a connection that was taken with {@link Database.take}. */
export function sessionOf(client: PostgresClient): SqlSession {
  const session: SqlSession = {
    async query(text, values, timeout = QUERY_MS) {
      const config = { text, query_timeout: timeout, ...(values !== undefined && { values: [...values] }) };
      const result: unknown = await client.query(config);
      const last: unknown = Array.isArray(result) ? result.at(-1) : result;
      if (!isObject(last) || !Array.isArray(last["rows"])) return [];
      return last["rows"] as Row[];
    },
    async transact(begin, job, onCommit) {
      try {
        const result = await job(await session.query(begin, undefined, 2 * QUERY_MS));
        onCommit?.();
        // A commit that waits for a standby must not end in time as if the standby had it.
        await session.query("set local statement_timeout = 0; commit");
        return result;
      } catch (fault) {
        if (!isLost(fault)) await session.query("rollback");
        throw fault;
      }
    },
  };
  return session;
}

async function limit<T>(promise: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TimeoutFault()), ms);
  });
  try {
    return await Promise.race([promise, tooLong]);
  } finally {
    clearTimeout(timer);
  }
}

function closed(): KeysError {
  return new KeysError("STORE_UNAVAILABLE", "the store is closed", { hint: "open the store again" });
}

function ignore(): void {
  // The next statement reports it.
}
