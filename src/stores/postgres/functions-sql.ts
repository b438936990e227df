import { LAST_SECOND } from "../../core/duration.ts";

/**
 * Returns the SQL of the functions that write for a verifier, with the rights of their owner. They check their arguments, because a
 * server may have been taken over.
 */
export function functionsSql(schema: string): string {
  return `-- Records that a verifier has applied everything up to a position. Returns false if the history went back.
create or replace function ${schema}.acknowledge(
  follower text, server text, its_epoch text, its_seq bigint, lease_ms double precision, its_version text,
  seen_epoch text, seen_seq bigint, seen_sum text
) returns boolean language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  is_new boolean;
begin
  if follower !~ '^[A-Za-z0-9-]{12,64}$' or server !~ '^[A-Za-z0-9._][A-Za-z0-9._-]{0,63}$'
    or its_epoch !~ '^[A-Za-z0-9-]{1,64}$' or its_version !~ '^[A-Za-z0-9.+-]{1,64}$'
    or not its_seq between 0 and 999999999999999 or not lease_ms between 0 and 86400000 then
    raise exception 'not an acknowledgement' using errcode = '22023';
  end if;
  if exists (select from ${schema}.head h where h.epoch = its_epoch and h.seq < its_seq)
    or exists (
      select from ${schema}.head h where h.epoch = seen_epoch and seen_seq > 0
      and not exists (select from ${schema}.changes c where c.seq = seen_seq and c.sum = seen_sum)
    ) then
    return false;
  end if;
  -- A crash of the database must not lose it: the verifier goes on, and its lease must count.
  perform set_config('synchronous_commit', 'on', true) where current_setting('synchronous_commit') = 'off';
  insert into ${schema}.followers as f (id, name, epoch, seq, version, seen_at, lease_until)
  values (follower, server, its_epoch, its_seq, its_version, clock_timestamp(),
    clock_timestamp() + lease_ms * interval '1 millisecond')
  on conflict (id) do update set
    seq = case when f.epoch = excluded.epoch then greatest(f.seq, excluded.seq) else excluded.seq end,
    epoch = excluded.epoch, name = excluded.name, version = excluded.version,
    seen_at = excluded.seen_at, lease_until = excluded.lease_until
  returning xmax = 0 into is_new;
  if is_new then
    -- Skips rows that another verifier holds: nobody waits for it, and two that clean up do not wait for each other.
    delete from ${schema}.followers where id in (
      select o.id from ${schema}.followers o where greatest(o.seen_at, o.lease_until) < clock_timestamp() - interval '1 day'
      for update skip locked
    );
  end if;
  return true;
end $$;

-- Removes a verifier that has stopped. Its id is random, and only its own process knows it.
create or replace function ${schema}.unfollow(follower text)
returns void language sql security definer set search_path = pg_catalog, pg_temp as $$
  delete from ${schema}.followers where id = follower
$$;

-- Records when versions were used. Sorted, so two calls cannot wait for each other.
create or replace function ${schema}.touch(
  key_ids text[], ns integer[], servers text[], times bigint[], reporters text[], reported bigint[]
) returns void language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if exists (
      select from unnest(key_ids, ns, servers, times) as t (key_id, n, server, at)
      where (key_id ~ '^[A-Za-z0-9_-]{1,64}$' and n > 0 and server ~ '^[A-Za-z0-9._][A-Za-z0-9._-]{0,63}$'
        and at between 0 and ${LAST_SECOND}) is not true
    ) or exists (
      select from unnest(reporters, reported) as t (server, at)
      where (server ~ '^([A-Za-z0-9._][A-Za-z0-9._-]{0,63})?$' and at between 0 and ${LAST_SECOND}) is not true
    ) then
    raise exception 'not uses' using errcode = '22023';
  end if;
  -- A crash of the database must not lose a use: it is the evidence that keeps a token from being retired too early.
  perform set_config('synchronous_commit', 'on', true) where current_setting('synchronous_commit') = 'off';
  insert into ${schema}.uses as u (key_id, n, server, at)
  select key_id, n, server, max(at) from unnest(key_ids, ns, servers, times) as t (key_id, n, server, at)
  group by 1, 2, 3 order by 1, 2, 3
  on conflict (key_id, n, server) do update set at = excluded.at where u.at < excluded.at;
  insert into ${schema}.reports as r (server, at)
  select server, max(at) from unnest(reporters, reported) as t (server, at) group by 1 order by 1
  on conflict (server) do update set at = excluded.at where r.at < excluded.at;
end $$;
`;
}
