import type { Change } from "../store.ts";
import type { SqlSession } from "./database.ts";
import { formatKey, type StoredRecord } from "./records.ts";

/** A change that is written under the lock of the head. */
interface NewChange {
  readonly change: Change;
  /** A uuid, by which it can be found if the answer to the commit is lost. */
  readonly id: string;
  readonly record: StoredRecord;
  readonly notify: boolean;
}

/** Returns the name of the channel on which a store announces its changes. */
export function channelOf(schema: string): string {
  return `mcp_keys_${schema}`;
}

/** Writes a change, its keys and the new head with one statement. Its cost does not depend on how many keys there are. */
export async function storeChange(session: SqlSession, schema: string, news: NewChange): Promise<void> {
  const { change, id, record, notify } = news;
  const { keys } = change;
  const versions = keys.flatMap((key) => key.versions.map(({ n, digest }) => ({ key: key.id, n, digest })));
  await session.query(
    `with c as (
      insert into ${schema}.changes (seq, change_id, sum, record) values ($1, $2, $3, $4)
    ), k as (
      insert into ${schema}.keys (id, name, revision, body, born, nth)
      select id, name, revision, body, $1::bigint, nth
      from unnest($5::text[], $6::text[], $7::bigint[], $8::text[]) with ordinality as t (id, name, revision, body, nth)
      on conflict (id) do update set name = excluded.name, revision = excluded.revision, body = excluded.body
    ), v as (
      insert into ${schema}.versions as v (key_id, n, digest)
      select * from unnest($9::text[], $10::integer[], $11::text[])
      on conflict (key_id, n) do update set digest = excluded.digest where v.digest <> excluded.digest
    )
    update ${schema}.head set seq = $1, sum = $3, newest = greatest(newest, $12)${
      notify ? ` returning pg_notify('${channelOf(schema)}', $1::bigint::text)::text` : ""
    }`,
    [
      ...[change.seq, id, record.sum, record.text],
      ...[keys.map((key) => key.id), keys.map(({ name }) => name), keys.map(({ revision }) => revision)],
      keys.map(formatKey),
      ...[versions.map(({ key }) => key), versions.map(({ n }) => n), versions.map(({ digest }) => digest)],
      change.at,
    ],
  );
}
