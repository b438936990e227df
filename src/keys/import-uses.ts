import { checkClock } from "../core/clock.ts";
import type { Epoch } from "../core/key.ts";
import type { Usage, Use } from "../core/usage.ts";
import type { UsageReport } from "../core/usage-report.ts";
import { KeysError } from "../errors.ts";
import type { KeyStore } from "../stores/store.ts";
import { NO_DIGESTS } from "./update.ts";

/** A report that was imported. */
export interface ImportedReport {
  readonly server: string;
  readonly at: Epoch;
  /** How many uses it has. */
  readonly uses: number;
  /** How many of them were skipped, because the store has no such version. */
  readonly unknown: number;
}

/** What {@link importReports} did. */
export interface ImportedUses {
  readonly imported: readonly ImportedReport[];
  /** Reports for another store, which were skipped. */
  readonly skipped: readonly UsageReport[];
  /** Whether the store learned something. */
  readonly changed: boolean;
}

/**
 * Records the uses of reports, all or nothing. An older time never replaces a newer one, so a report can be imported twice.
 * @throws {@link KeysError} `REPORT_FOREIGN` if every report is for another store; `CLOCK_BEHIND` if a time is later than the clock
 * shows; `STORE_READ_ONLY`, and the errors of the store
 */
export async function importReports(
  store: KeyStore,
  reports: readonly UsageReport[],
  now: Epoch,
): Promise<ImportedUses> {
  const own = reports.filter((report) => report.store === store.spec);
  const skipped = reports.filter((report) => report.store !== store.spec);
  const [first] = skipped;
  if (own.length === 0 && first !== undefined) {
    throw new KeysError("REPORT_FOREIGN", `the report of ${first.server} is for another store than ${store.spec}`);
  }
  for (const { server, at, uses } of own) {
    const latest = uses.reduce((max, use) => Math.max(max, use.at), at);
    const recovery = `set the clock of ${server} and import its next report`;
    checkClock(now, { what: `the report of ${server} names`, at: latest }, recovery);
  }
  const versions = new Map(
    (await store.list(NO_DIGESTS)).map((key) => [key.id, new Set(key.versions.map(({ n }) => n))]),
  );
  const known = own.map(({ server, uses }) =>
    uses.filter(({ id, n }) => versions.get(id)?.has(n) === true).map((use) => ({ ...use, server })),
  );
  const imported = own.map(({ server, at, uses }, i) => {
    return { server, at, uses: uses.length, unknown: uses.length - (known[i]?.length ?? 0) };
  });
  const news = { reports: own.map(({ server, at }) => ({ server, at })) };
  const changed = hasNews(await store.usage(), known.flat(), news.reports);
  await store.touch(known.flat(), news);
  return { imported, skipped, changed };
}

function hasNews(usage: Usage, uses: readonly Required<Use>[], reports: Usage["reports"]): boolean {
  const nameOf = ({ server, id, n }: Required<Use>) => `${server} ${id} ${String(n)}`;
  const times = new Map(usage.uses.map((use) => [nameOf(use), use.at]));
  const reported = new Map(usage.reports.map(({ server, at }) => [server, at]));
  return (
    uses.some((use) => use.at > (times.get(nameOf(use)) ?? -1)) ||
    reports.some(({ server, at }) => at > (reported.get(server) ?? -1))
  );
}
