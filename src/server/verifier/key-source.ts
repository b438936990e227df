import { randomUUID } from "node:crypto";
import type { Demand } from "../../core/judge.ts";
import type { KeyId, Epoch } from "../../core/key.ts";
import { missingPepper } from "../../core/missing-pepper.ts";
import type { KeysError } from "../../errors.ts";
import type { KeyStore } from "../../stores/store.ts";
import type { Position } from "../../core/position.ts";
import type { FoundVersion, KeyIndex } from "../key-index/key-index.ts";
import type { Counters } from "./counters.ts";
import type { EndListener } from "./end-listeners.ts";
import { followStore, type StoreFollower } from "./follow.ts";
import { createReporter } from "./reporter.ts";
import { OverlapLog } from "./overlap-log.ts";
import { UseRecorder } from "./use-recorder.ts";
import { createUseTarget, startReports } from "./use-target.ts";
import type { ResolvedOptions } from "./verifier-options.ts";

/** Finds the versions of tokens: in the memory of one store, or of several that were joined. */
export interface KeySource {
  /**
   * Finds the version of the token that spans from `start` to the end of `text`. `null` also if memory is too old.
   * @param demand - the time, and what the request requires of the key
   */
  find(text: string, start: number, idAt: number, demand: Demand): FoundVersion | null;
  /** Finds it in memory that may be too old to accept a token. */
  findStale(text: string, start: number, idAt: number): FoundVersion | null;
  /** Whether a key has the id. */
  has(id: KeyId): boolean;
  /** Records that a version was used. */
  use(found: FoundVersion, at: Epoch): void;
  /** Why a token that was not found cannot be judged without a pepper; `null` if it can. `id` is the key id in it, if any. */
  pepperFault(id: KeyId | null, at: Epoch): KeysError | null;
  /** Why a token that was not found may be valid: memory is too old; `null` if it is not. */
  staleFault(id: KeyId | null, at: Epoch): KeysError | null;
  isFresh(at: Epoch): boolean;
  /** The position that a verdict about a key rests on: of the store that decides about it, else of the first one. */
  positionOf(id: KeyId | null, at: Epoch): Position;
  /** The state of each store, in their order. */
  states(at: Epoch): readonly SourceState[];
  reportHook(cause: unknown): void;
  /** Reads the store now. Returns whether memory was too old and is up to date again. Never throws. */
  refresh(): Promise<boolean>;
  /** What is in memory of each store, in their order. */
  readonly followers: readonly StoreFollower[];
  /** Reports versions that stop being valid from now on; with `null`, no longer. */
  watchEnds(report: EndListener | null): void;
  /** Never throws. */
  close(): Promise<void>;
}

/** What a verifier knows about one store. */
export interface SourceState {
  readonly index: KeyIndex;
  readonly position: Position;
  /** Seconds since the last successful read of the store. */
  readonly lag: number;
  readonly isFresh: boolean;
}

/** What the sources of a verifier have in common. */
export interface SourceSettings {
  readonly options: ResolvedOptions;
  readonly counters: Counters;
  /** Returns the milliseconds of a monotonic clock. */
  readonly ticks: () => number;
  /** Called after each read of a store. */
  readonly onRead: () => void;
}

/**
 * Loads the keys of a store and follows it.
 * @throws {@link KeysError} `PEPPER_MISSING`, and what the store throws at the first read
 */
export async function openSource(store: KeyStore, settings: SourceSettings): Promise<KeySource> {
  const { options, counters, ticks, onRead } = settings;
  const { now, name, maxStaleness, pollEvery, flushEvery, peppers, log, onFault, stores } = options;
  const target = createUseTarget(store, options);
  const isOnly = stores.length === 1;
  const reporter = createReporter({ spec: store.spec, isOnly, maxStaleness, counters, log, onFault });
  let uses: UseRecorder | null = null;
  const follower = await followStore({
    ...{ store, name, now, ticks, peppers, pollEvery, maxStaleness, log },
    id: randomUUID(),
    onRead(fault, index, fresh) {
      onRead();
      reporter.reportRead(fault, fresh);
      reporter.reportKeys(index, now());
    },
    onReplace: (old) => uses?.collect(old),
  });
  const [missing] = follower.index.withoutPepper.peppersAt(now());
  if (missing !== undefined && !options.allowMissingPeppers) {
    await follower.close();
    throw missingPepper(missing, `keys in ${store.spec} need`);
  }
  const overlaps = new OverlapLog(log);
  const recorder = new UseRecorder({
    ...{ target, now, flushEvery },
    index: () => follower.index,
    onBatch: (batch) => overlaps.report(batch, follower.index, now()),
    onWritten: (cause) => reporter.reportUses(cause),
  });
  uses = recorder;
  const close = () => Promise.all([follower.close(), recorder.close()]);
  await startReports(target, now, (cause) => reporter.reportUses(cause)).catch(async (fault: unknown) => {
    await close();
    throw fault;
  });
  reporter.reportKeys(follower.index, now());

  return {
    find: (text, start, idAt, demand) =>
      follower.lease.isFresh(demand.now) ? follower.index.find(text.slice(start), text, idAt) : null,
    findStale: (text, start, idAt) => follower.index.find(text.slice(start), text, idAt),
    has: (id) => follower.index.has(id),
    use({ row }, at) {
      if (follower.index.use(row, at)) recorder.schedule();
    },
    pepperFault(id, at) {
      const pepper = follower.index.withoutPepper.pepperFor(id, at);
      return pepper === null ? null : missingPepper(pepper, "the token may need");
    },
    staleFault: (_, at) => (follower.lease.isFresh(at) ? null : follower.staleFault()),
    isFresh: (at) => follower.lease.isFresh(at),
    positionOf: () => follower.position,
    states(at) {
      const { index, position, lease } = follower;
      return [{ index, position, lag: Math.max(0, at - lease.readAt), isFresh: lease.isFresh(at) }];
    },
    reportHook: (cause) => reporter.reportHook(cause),
    async refresh() {
      const wasFresh = follower.lease.isFresh(now());
      await follower.refresh();
      return !wasFresh && follower.lease.isFresh(now());
    },
    followers: [follower],
    watchEnds: (report) => follower.watchEnds(report),
    async close() {
      await close();
    },
  };
}
