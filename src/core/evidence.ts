import { formatDuration, formatTime } from "./duration.ts";
import type { Epoch, Key, Version } from "./key.ts";
import { NO_USAGE, UNNAMED, type ServerUse, type Usage } from "./usage.ts";

/**
 * What the caller has seen at servers that do not report, because they hold the token itself.
 * @example
 * ```ts
 * import type { EndProof, Keys } from "mcp-keys";
 *
 * const proof: EndProof = { accepted: true, refused: [1] };
 * const finish = async (keys: Keys): Promise<boolean> => (await keys.finish("ci", { proof })).changed;
 * ```
 */
export interface EndProof {
  /** Whether each of them accepted the version that stays. */
  readonly accepted: boolean;
  /** The numbers of the old versions that each of them refused. */
  readonly refused: readonly number[];
}

/**
 * The default window of `finish` and `abort`: 3600 seconds, an hour. A version not used for this long counts as unused.
 * @example
 * ```ts
 * import { createKeys, DEFAULT_WINDOW, openStore } from "mcp-keys";
 *
 * const keys = createKeys({ store: await openStore() });
 * await keys.finish("ci", { window: 2 * DEFAULT_WINDOW });
 * ```
 */
export const DEFAULT_WINDOW = 3_600;

/**
 * Options of {@link Keys.finish} and {@link Keys.abort}.
 * @example
 * ```ts
 * import type { EndRotation } from "mcp-keys";
 *
 * const patient: EndRotation = { window: 86_400 };
 * ```
 */
export interface EndRotation {
  /** Seconds: a version counts as in use if it was used within this time. Default: 3600. */
  readonly window?: number;
  /** Skips the evidence. */
  readonly force?: boolean;
  /** What you have seen at servers that do not report, such as one that holds the token itself. */
  readonly proof?: EndProof;
}

/** What is known about the use of a key, and when a version counts as out of use. */
export interface Evidence {
  readonly now: Epoch;
  /** Seconds: a version counts as in use if it was used within this time. */
  readonly window: number;
  readonly usage?: Usage;
  readonly proof?: EndProof | undefined;
}

/** Why a version cannot end yet, and what to do about it. */
export interface Obstacle {
  /** Completes "cannot end the version:". */
  readonly what: string;
  readonly fix: string;
}

/** Servers that a message names for each version. */
const NAMED = 5;

/** Returns the latest use of each version of a key on each server, the latest first. */
export function usesOf(key: Key, { uses }: Usage = NO_USAGE): ServerUse[] {
  const named = uses.filter(({ id, n }) => id === key.id && key.versions.some((version) => version.n === n));
  // A store that does not name servers fills in the times of its versions.
  const unnamed = key.versions.flatMap(({ n, lastUsedAt: at }) =>
    at === null || named.some((use) => use.n === n && use.at >= at) ? [] : [{ id: key.id, n, at, server: UNNAMED }],
  );
  return [...named, ...unnamed].sort((a, b) => b.at - a.at || (a.server < b.server ? -1 : 1));
}

/**
 * Returns what speaks against ending versions, the most important first. A server's silence counts for nothing if it could not have
 * spoken: it reports in files and its latest report is old, or it never reports.
 * @param staying - the version that clients should use instead; without one, only uses of `ending` matter
 */
export function findObstacles(
  key: Key,
  ending: readonly Version[],
  staying: Version | undefined,
  evidence: Evidence,
): Obstacle[] {
  const { now, window, usage = NO_USAGE, proof = NO_PROOF } = evidence;
  const uses = usesOf(key, usage);
  const obstacles: Obstacle[] = [];
  for (const { n } of ending) {
    const recent = uses.filter((use) => use.n === n && use.at > horizonOf(use.server, evidence) - window);
    if (recent.length === 0) continue;
    const what = `version ${String(n)} of ${key.name} is in use: ${listUses(recent, now)}`;
    obstacles.push({ what, fix: "wait until every client uses the new token, or override with --force" });
  }
  for (const { server, at } of usage.reports) {
    if (at > now - window) continue;
    obstacles.push({
      what: `${server} last reported its uses ${ago(at, now)}`,
      fix: `import a newer report: mcp-keys uses import <file>; if the server is gone: mcp-keys uses forget ${server}`,
    });
  }
  if (staying === undefined) return obstacles;
  const isProven = proof.accepted && ending.every(({ n }) => proof.refused.includes(n));
  if (usage.publishedAt !== null && usage.reports.length === 0 && !isProven) {
    obstacles.push({
      what: `a keyset was published ${ago(usage.publishedAt, now)}, and no server that reads it has reported its uses`,
      fix: `import the report that each server writes: mcp-keys uses import <file>; if no server reads keysets: mcp-keys uses forget --keyset`,
    });
  }
  const verify = `mcp-keys rotate ${key.name} --finish --verify <url> --old-token-env <variable>`;
  if (uses.length === 0 && !isProven) {
    obstacles.push({
      what: `no server has reported a use of ${key.name}`,
      fix: `for servers that hold the token themselves, use: ${verify}; or override with --force`,
    });
  } else if (!proof.accepted && !uses.some(({ n, at }) => n === staying.n && at > (staying.promotedAt ?? 0))) {
    // Until its promotion, the version may have been used by the proof of the rotation alone.
    obstacles.push({
      what: `no server has seen version ${String(staying.n)} of ${key.name} since it became current`,
      fix: `wait until a client uses the new token; for servers that hold the token themselves, use: ${verify}`,
    });
  }
  return obstacles;
}

const NO_PROOF: EndProof = { accepted: false, refused: [] };

/** Returns until when the silence of a server proves that a version was not used. */
function horizonOf(server: string, { now, usage }: Evidence): Epoch {
  return Math.min(now, usage?.reports.find((report) => report.server === server)?.at ?? now);
}

/**
 * Describes who uses which version of a key: a line for each version that servers could still see, then one for each server whose
 * silence proves nothing. For `show` and `rotate --status`.
 */
export function describeEvidence(key: Key, versions: readonly Version[], evidence: Evidence): string[] {
  const { now, window, usage = NO_USAGE } = evidence;
  const uses = usesOf(key, usage);
  const lines = versions.map(({ n }) => {
    const own = uses.filter((use) => use.n === n);
    return `version ${String(n)}: ${own.length === 0 ? "no server has seen it" : `used ${listUses(own, now)}`}`;
  });
  const silent = usage.reports.filter(({ at }) => at <= now - window);
  const isUnreported = usage.publishedAt !== null && usage.reports.length === 0;
  return [
    ...lines,
    ...silent.map(({ server, at }) => `${server}: last reported its uses ${ago(at, now)}`),
    ...(isUnreported ? ["a keyset was published, and no server that reads it has reported its uses"] : []),
  ];
}

function listUses(uses: readonly ServerUse[], now: Epoch): string {
  const named = uses.slice(0, NAMED).map(({ server, at }) => `on ${server} ${ago(at, now)}`);
  return [...named, ...(uses.length > NAMED ? [`on ${String(uses.length - NAMED)} more`] : [])].join(", ");
}

/** Describes a time relative to `now`. A server's clock may be ahead of this one, or this one behind. */
function ago(at: Epoch, now: Epoch): string {
  return at > now ? `at ${formatTime(at)}, later than this clock shows` : `${formatDuration(now - at)} ago`;
}
