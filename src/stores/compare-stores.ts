import { isDeepStrictEqual } from "node:util";
import { FORGOTTEN } from "../core/digest.ts";
import type { Key } from "../core/key.ts";
import type { UsageNews, Use } from "../core/usage.ts";
import type { Change, KeyStore } from "./store.ts";
import { Uses } from "./uses.ts";

/** The differences between the source and the target of a migration. */
export interface Comparison {
  /** The keys of the source. */
  readonly keys: readonly Key[];
  /** The `seq` of the last change of the source. */
  readonly seq: number;
  /** How many changes the source has. */
  readonly changes: number;
  /** The changes that the target lacks. `null` if the two histories differ. */
  readonly missing: readonly Change[] | null;
  /** The last-used times that are newer in the source, and its newer reports. */
  readonly uses: readonly Use[];
  readonly news: UsageNews | null;
  /** Whether the target has all changes of the source and more. */
  readonly isAhead: boolean;
  /** Whether both have the same keys. Only meaningful if the target is not ahead. */
  readonly hasSameKeys: boolean;
  /** False if one of the stores was written during the comparison. */
  readonly isStable: boolean;
}

/** Reads both stores completely and compares them, change by change and key by key. */
export async function compareStores(source: KeyStore, target: KeyStore): Promise<Comparison> {
  const [from, to] = [await source.snapshot(), await target.snapshot()];
  const revoked = revokedVersions(from.keys);
  const targetChanges = target.changes(0)[Symbol.asyncIterator]();
  const missing: Change[] = [];
  let [seq, targetSeq, changes, differ] = [0, 0, 0, false];
  for await (const change of source.changes(0)) {
    seq = change.seq;
    if (isEnd(change)) continue;
    changes++;
    const counterpart = missing.length > 0 ? null : await targetChanges.next();
    if (counterpart === null || counterpart.done === true) missing.push(change);
    else {
      targetSeq = counterpart.value.seq;
      differ ||= !isSameChange(change, counterpart.value, revoked);
      if (differ) break;
    }
  }
  return {
    keys: from.keys,
    seq,
    changes,
    missing: differ ? null : missing,
    ...(await newerUsage(source, target, from.keys)),
    isAhead: !differ && missing.length === 0 && (await targetChanges.next()).done !== true,
    hasSameKeys: isDeepStrictEqual(comparable(from.keys, revoked), comparable(to.keys, revoked)),
    isStable: from.seq === seq && to.seq === targetSeq,
  };
}

/** Checks whether a change is the entry that ends the history of a removed store. */
function isEnd({ op, keys }: Change): boolean {
  return op === "migrate" && keys.length === 0;
}

function revokedVersions(keys: readonly Key[]): ReadonlySet<string> {
  return new Set(
    keys.flatMap(({ id, versions }) =>
      versions.flatMap(({ n, state }) => (state === "revoked" ? [`${id} ${String(n)}`] : [])),
    ),
  );
}

/** Compares two changes without `seq`, revisions and last-used times, which differ between stores. */
function isSameChange(a: Change, b: Change, revoked: ReadonlySet<string>): boolean {
  return isDeepStrictEqual(
    [a.op, a.at, a.by, a.version, a.detail, comparable(a.keys, revoked)],
    [b.op, b.at, b.by, b.version, b.detail, comparable(b.keys, revoked)],
  );
}

/** Removes what may differ: a store may have dropped the digests of versions that were revoked since. */
function comparable(keys: readonly Key[], revoked: ReadonlySet<string>): unknown {
  return keys.map((key) => ({
    ...key,
    revision: 0,
    versions: key.versions.map((version) => ({
      ...version,
      lastUsedAt: null,
      digest: revoked.has(`${key.id} ${String(version.n)}`) ? FORGOTTEN : version.digest,
    })),
  }));
}

/** Compares last-used times of each server. Those of versions that do not exist stay behind, because no command shows them. */
async function newerUsage(
  source: KeyStore,
  target: KeyStore,
  keys: readonly Key[],
): Promise<Pick<Comparison, "uses" | "news">> {
  const [from, to] = [await source.usage(), await target.usage()];
  const known = new Uses();
  for (const use of to.uses) known.add(use);
  known.addNews({ reports: to.reports, ...(to.publishedAt !== null && { publishedAt: to.publishedAt }) });
  const versions = new Map(keys.map((key) => [key.id, key.versions]));
  const uses = from.uses.filter((use) => versions.get(use.id)?.some(({ n }) => n === use.n) === true && known.add(use));
  const news = { reports: from.reports, ...(from.publishedAt !== null && { publishedAt: from.publishedAt }) };
  return { uses, news: known.addNews(news) ? news : null };
}
