import { isDeepStrictEqual } from "node:util";
import { FORGOTTEN } from "../core/digest.ts";
import type { Key } from "../core/key.ts";
import type { Change, KeyStore, Use } from "./store.ts";

/** What two stores have in common, the first of which is to come into the second. */
export interface Comparison {
  /** The keys of the first, and the `seq` up to which its history was read. */
  readonly keys: readonly Key[];
  readonly seq: number;
  /** How many changes it has. */
  readonly changes: number;
  /** Those of them that the second lacks; `null` when the second has other ones. */
  readonly rest: readonly Change[] | null;
  /** When versions were last used, where the second does not know yet. */
  readonly uses: readonly Use[];
  /** Whether the second has changes of its own, behind all that the first has. */
  readonly ahead: boolean;
  /** Whether both have the same keys. Meaningless where one of them has gone on. */
  readonly alike: boolean;
  /** False when somebody wrote to one of them while they were read. */
  readonly settled: boolean;
}

/** Reads all of two stores and compares them, change by change and key by key. */
export async function compareStores(first: KeyStore, second: KeyStore): Promise<Comparison> {
  const [here, there] = [await first.snapshot(), await second.snapshot()];
  const forgettable = new Set(revokedOf(here.keys));
  const theirs = second.changes(0)[Symbol.asyncIterator]();
  const rest: Change[] = [];
  let [seq, theirSeq, changes, differ] = [0, 0, 0, false];
  for await (const change of first.changes(0)) {
    seq = change.seq;
    if (isEnd(change)) continue;
    changes++;
    const counterpart = rest.length > 0 ? null : await theirs.next();
    if (counterpart === null || counterpart.done === true) rest.push(change);
    else {
      theirSeq = counterpart.value.seq;
      differ ||= !isSameChange(change, counterpart.value, forgettable);
      if (differ) break;
    }
  }
  return {
    keys: here.keys,
    seq,
    changes,
    rest: differ ? null : rest,
    uses: newerUses(here.keys, there.keys),
    ahead: !differ && rest.length === 0 && (await theirs.next()).done !== true,
    alike: isDeepStrictEqual(
      ...([here.keys, there.keys].map((keys) => comparable(keys, forgettable)) as [unknown, unknown]),
    ),
    settled: here.seq === seq && there.seq === theirSeq,
  };
}

/** The last word of a store that was to be removed. */
function isEnd({ op, keys }: Change): boolean {
  return op === "migrate" && keys.length === 0;
}

function revokedOf(keys: readonly Key[]): string[] {
  return keys.flatMap(({ id, versions }) =>
    versions.flatMap(({ n, state }) => (state === "revoked" ? [`${id} ${String(n)}`] : [])),
  );
}

/** `seq`, revisions and last-used times aside, which each store counts by itself. */
function isSameChange(a: Change, b: Change, forgettable: ReadonlySet<string>): boolean {
  return isDeepStrictEqual(
    [a.op, a.at, a.by, a.version, a.detail, comparable(a.keys, forgettable)],
    [b.op, b.at, b.by, b.version, b.detail, comparable(b.keys, forgettable)],
  );
}

/** A store may have given up the digest of a version that was revoked since; no other digest may differ. */
function comparable(keys: readonly Key[], forgettable: ReadonlySet<string>): unknown {
  return keys.map((key) => ({
    ...key,
    revision: 0,
    versions: key.versions.map((version) => ({
      ...version,
      lastUsedAt: null,
      digest: forgettable.has(`${key.id} ${String(version.n)}`) ? FORGOTTEN : version.digest,
    })),
  }));
}

function newerUses(keys: readonly Key[], there: readonly Key[]): Use[] {
  const known = new Map(usesOf(there).map(({ id, n, at }) => [`${id} ${String(n)}`, at]));
  return usesOf(keys).filter(({ id, n, at }) => at > (known.get(`${id} ${String(n)}`) ?? -1));
}

function usesOf(keys: readonly Key[]): Use[] {
  return keys.flatMap(({ id, versions }) =>
    versions.flatMap(({ n, lastUsedAt: at }) => (at === null ? [] : [{ id, n, at }])),
  );
}
