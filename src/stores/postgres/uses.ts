import { UNNAMED, type Usage, type UsageNews, type Use } from "../../core/usage.ts";
import { orCreate } from "./create.ts";
import { explainWrite } from "./explain.ts";
import { orMissing, type Tables } from "./tables.ts";

/** The name of the row in `reports` that tells when a keyset was published. No server has an empty name. */
const PUBLISHED = "";

/** Implements {@link KeyStore.touch}. Never announced: a commit that notifies waits for every other one. */
export async function touch(tables: Tables, uses: readonly Use[], news: UsageNews = {}): Promise<void> {
  const { reports = [], publishedAt } = news;
  const times = [...reports, ...(publishedAt === undefined ? [] : [{ server: PUBLISHED, at: publishedAt }])];
  if (uses.length === 0 && times.length === 0) return;
  await orCreate(tables, (session) =>
    session.query(`select ${tables.schema}.touch($1, $2, $3, $4, $5, $6)::text`, [
      ...[uses.map(({ id }) => id), uses.map(({ n }) => n), uses.map(({ server = UNNAMED }) => server)],
      ...[uses.map(({ at }) => at), times.map(({ server }) => server), times.map(({ at }) => at)],
    ]),
  );
}

/** Implements {@link KeyStore.usage}. */
export async function readUsage(tables: Tables): Promise<Usage> {
  const { database, schema } = tables;
  const reading = database.read(async (session) => ({
    uses: await session.query(`select key_id, n::text, server, at::text from ${schema}.uses`),
    reports: await session.query(`select server, at::text from ${schema}.reports`),
  }));
  const { uses, reports } = (await orMissing(tables, reading)) ?? { uses: [], reports: [] };
  const times = reports.map(({ server, at }) => ({ server: server ?? "", at: Number(at) }));
  return {
    uses: uses.map((row) => ({
      ...{ id: row["key_id"] ?? "", n: Number(row["n"]) },
      ...{ at: Number(row["at"]), server: row["server"] ?? "" },
    })),
    reports: times.filter(({ server }) => server !== PUBLISHED),
    publishedAt: times.find(({ server }) => server === PUBLISHED)?.at ?? null,
  };
}

/** Implements {@link KeyStore.forget}. */
export async function forget(tables: Tables, server: string | null): Promise<boolean> {
  const { database, schema } = tables;
  const query = `with u as (delete from ${schema}.uses where server = $1 returning 1),
    r as (delete from ${schema}.reports where server = $1 returning 1)
    select (exists (select from u) or exists (select from r))::text as found`;
  const forgetting = database.use((session) => session.query(query, [server ?? PUBLISHED]));
  const rows = await orMissing(tables, forgetting, explainWrite);
  return rows?.[0]?.["found"] === "true";
}
