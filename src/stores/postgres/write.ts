import { randomInt, randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { applyDraft, checkDraft } from "../draft.ts";
import { KeyMap } from "../key-map.ts";
import type { Change, Draft, Written } from "../store.ts";
import { createTables } from "./create.ts";
import type { SqlSession } from "./database.ts";
import { explainWrite } from "./explain.ts";
import { codeOf, isLost, isMissing, isRepeatable, isTimeout } from "./fault.ts";
import { type Head, headColumns } from "./head.ts";
import { readKey, toRecord } from "./records.ts";
import { settle } from "./settle.ts";
import { storeChange } from "./store-change.ts";
import { lockHead, type Tables } from "./tables.ts";

/** How often a write is tried if it certainly did not take place. */
const TRIES = 5;

/** A commit is durable, even where the administrator chose otherwise for all sessions. */
const DURABLY = `select set_config('synchronous_commit', 'on', true) where current_setting('synchronous_commit') = 'off'`;

/** What a transaction wrote last, and the head after it. */
export interface WrittenLast {
  readonly change: Change;
  /** The `change_id`. */
  readonly id: string;
  readonly head: Head;
}

/** What a transaction does after it has locked the head. */
export type HeadJob = (session: SqlSession, head: Head, notify: boolean) => Promise<WrittenLast>;

/** Implements {@link KeyStore.write}. */
export async function writeDraft(tables: Tables, draft: Draft): Promise<Written> {
  const id = randomUUID();
  return writeAtHead(tables, async (session, head, notify) => {
    const stored = await loadKeys(session, tables.schema, draft);
    checkDraft(draft, stored, head.newest);
    const change = applyDraft(draft, head.seq + 1);
    const record = toRecord(change, head.sum);
    await storeChange(session, tables.schema, { change, id, record, notify });
    return { change, id, head: { ...head, seq: change.seq, sum: record.sum } };
  });
}

/**
 * Runs a job in a transaction that holds the head, and returns its change once it is durable. Repeats the transaction if it certainly
 * did not take place. If the answer to the commit is lost, asks whether it did.
 * @param checksHistory - false to accept a history that went back
 * @throws {@link KeysError} `STORE_UNAVAILABLE`, and says if the change may have been saved; `STORE_READ_ONLY`, `STORE_REWOUND`
 */
export async function writeAtHead(tables: Tables, job: HeadJob, checksHistory = true): Promise<Written> {
  let notify = true;
  for (let attempt = 1; ; attempt++) {
    const tried: WriteAttempt = { last: null, isCommitting: false };
    try {
      return finish(tables, await runOnce(tables, (session, head) => job(session, head, notify), checksHistory, tried));
    } catch (fault) {
      if (tried.isCommitting && tried.last !== null && isLost(fault)) {
        if (await settle(tables, tried.last.id, fault)) return finish(tables, tried.last);
      } else if (codeOf(fault) === "54000" && notify) {
        // The queue of notifications is full. Polling finds the change, too.
        notify = false;
      } else if (isMissing(fault) && attempt === 1) {
        await createTables(tables);
        continue;
      } else if (!isLost(fault) && !isRepeatable(fault)) throw explainWrite(fault, tables.place);
      if (attempt === TRIES || (isTimeout(fault) && attempt > 1)) throw explainWrite(fault, tables.place);
      await sleep(randomInt(20, 50 * 2 ** attempt));
    }
  }
}

interface WriteAttempt {
  last: WrittenLast | null;
  isCommitting: boolean;
}

function runOnce(
  { database, schema, continuity }: Tables,
  job: (session: SqlSession, head: Head) => Promise<WrittenLast>,
  checksHistory: boolean,
  tried: WriteAttempt,
): Promise<WrittenLast> {
  const seen = checksHistory ? continuity.seen : null;
  const begin = `${lockHead(schema)}; ${DURABLY}; select ${headColumns(schema, seen)} from ${schema}.head h`;
  return database.use((session) =>
    session.transact(
      begin,
      async ([row]) => (tried.last = await job(session, continuity.check(row, seen))),
      () => (tried.isCommitting = true),
    ),
  );
}

function finish({ continuity }: Tables, { change, head }: WrittenLast): Written {
  continuity.note(head);
  return { ...change, epoch: head.epoch };
}

/** Loads the stored keys that a draft could conflict with. */
async function loadKeys(session: SqlSession, schema: string, { keys }: Draft): Promise<KeyMap> {
  const digests = keys.flatMap(({ versions }) => versions.map(({ digest }) => digest));
  const rows = await session.query(
    `select k.body from (
      select pg_catalog.unnest($1::text[]) as id
      union select id from ${schema}.keys where name = any ($2::text[])
      union select key_id from ${schema}.versions where digest = any ($3::text[]) and digest <> 'forgotten'
    ) f join ${schema}.keys k on k.id = f.id`,
    [keys.map(({ id }) => id), keys.map(({ name }) => name), digests],
  );
  const stored = new KeyMap();
  stored.apply(rows.map(({ body }) => readKey(body, null)));
  return stored;
}
