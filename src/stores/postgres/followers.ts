import { checkAcknowledgement, checkFollowerId, type Acknowledgement, type Follower } from "../../core/follower.ts";
import { orCreate } from "./create.ts";
import { explainFollowers, explainWrite } from "./explain.ts";
import { rewound } from "./head.ts";
import { orMissing, type Tables } from "./tables.ts";

/**
 * Implements {@link KeyStore.acknowledge}. It is durable, unlike last-used times: a verifier outlives a crash of the database, and its lease
 * must too.
 * @throws {@link KeysError} `STORE_REWOUND`: a position of a lost history would confirm changes that nobody has applied
 */
export async function acknowledge(tables: Tables, news: Acknowledgement): Promise<void> {
  checkAcknowledgement(news);
  const { schema, place, continuity } = tables;
  const { id, name, position, lease, version } = news;
  const { seen } = continuity;
  const values = [id, name, position.epoch, position.seq, lease, version];
  const rows = await orCreate(tables, (session) =>
    session.query(`select ${schema}.acknowledge($1, $2, $3, $4, $5, $6, $7, $8, $9)::text as done`, [
      ...values,
      ...[seen?.epoch ?? "", seen?.seq ?? 0, seen?.sum ?? ""],
    ]),
  );
  if (rows[0]?.["done"] !== "true") throw rewound(place);
}

/** Implements {@link KeyStore.unfollow}. */
export async function unfollow(tables: Tables, id: string): Promise<void> {
  checkFollowerId(id);
  const { database, schema } = tables;
  const removing = database.read((session) => session.query(`select ${schema}.unfollow($1)::text`, [id]));
  await orMissing(tables, removing, explainWrite);
}

/** Implements {@link KeyStore.followers}, by the clock of the database. */
export async function listFollowers(tables: Tables): Promise<Follower[]> {
  const { database, schema } = tables;
  const reading = database.read((session) =>
    session.query(
      `select id, name, epoch, seq::text, version,
        (extract(epoch from lease_until - clock_timestamp()) * 1000::numeric)::text as lease_left,
        (extract(epoch from clock_timestamp() - seen_at) * 1000::numeric)::text as seen_ago
      from ${schema}.followers
      where greatest(seen_at, lease_until) > clock_timestamp() - interval '1 day'
      order by name, id`,
    ),
  );
  const rows = (await orMissing(tables, reading, explainFollowers)) ?? [];
  return rows.map((row) => ({
    ...{ id: row["id"] ?? "", name: row["name"] ?? "", version: row["version"] ?? "" },
    position: { epoch: row["epoch"] ?? "", seq: Number(row["seq"]) },
    leaseLeft: Number(row["lease_left"]),
    seenAgo: Math.max(Number(row["seen_ago"]), 0),
  }));
}
