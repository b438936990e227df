import type { KeyStore } from "../../stores/store.ts";
import type { Epoch, KeyId } from "../../core/key.ts";
import { opaqueIdOf } from "../../core/opaque.ts";
import { KeysError } from "../../errors.ts";
import type { FoundVersion } from "../key-index/key-index.ts";
import { openSource, type KeySource, type SourceSettings } from "./key-source.ts";

/**
 * Opens the sources of a verifier, in the order of their stores.
 * @throws what {@link openSource} throws; the sources that were open are closed
 */
export async function openSources(stores: readonly KeyStore[], settings: SourceSettings): Promise<KeySource> {
  const sources: KeySource[] = [];
  try {
    for (const store of stores) sources.push(await openSource(store, settings));
  } catch (error) {
    await Promise.all(sources.map((source) => source.close()));
    throw error;
  }
  const [only, ...others] = sources;
  return only !== undefined && others.length === 0 ? only : joinSources(sources, settings.options.now);
}

/**
 * Joins sources: the first one that knows a token decides about it. It also knows a token if the token carries the id of one of its
 * keys, because a store may have dropped the digest of a revoked version. A source whose memory is too old accepts nothing, and no later
 * one accepts what it knows: whoever revokes a key counts this server as confirmed as soon as its lease is over.
 */
export function joinSources(sources: readonly KeySource[], now: () => Epoch): KeySource {
  const owners = new WeakMap<FoundVersion, KeySource>();

  /** Asks the sources up to the one that decides about the key. */
  const firstFault = (id: KeyId | null, at: Epoch, faultOf: (source: KeySource) => KeysError | null) => {
    for (const source of sources) {
      const fault = faultOf(source);
      if (fault !== null) return fault;
      if (id !== null && source.isFresh(at) && source.has(id)) return null;
    }
    return null;
  };

  return {
    find(text, start, idAt, demand) {
      let id: KeyId | undefined;
      for (const source of sources) {
        const isFresh = source.isFresh(demand.now);
        const found = isFresh ? source.find(text, start, idAt, demand) : source.findStale(text, start, idAt);
        // A revocation is final, so old memory is right about it.
        if (found !== null && (isFresh || found.version.state === "revoked")) {
          owners.set(found, source);
          return found;
        }
        if (found !== null) return null;
        id ??= opaqueIdOf(text.slice(start));
        if (source.has(id)) return null;
      }
      return null;
    },
    findStale: () => null,
    has: (id) => sources.some((source) => source.has(id)),
    use: (found, at) => owners.get(found)?.use(found, at),
    pepperFault: (id, at) => firstFault(id, at, (source) => source.pepperFault(id, at)),
    staleFault: (id, at) => firstFault(id, at, (source) => source.staleFault(id, at)),
    isFresh: (at) => sources.every((source) => source.isFresh(at)),
    positionOf(id, at) {
      const knowing = id === null ? undefined : sources.find((source) => source.has(id));
      const decider = knowing ?? sources[0];
      if (decider === undefined) throw new KeysError("BUG", "the verifier has no store");
      return decider.positionOf(id, at);
    },
    states: (at) => sources.flatMap((source) => source.states(at)),
    reportHook: (cause) => sources[0]?.reportHook(cause),
    async refresh() {
      const old = sources.filter((source) => !source.isFresh(now()));
      await Promise.all(sources.map((source) => source.refresh()));
      return old.some((source) => source.isFresh(now()));
    },
    followers: sources.flatMap(({ followers }) => followers),
    watchEnds(report) {
      for (const source of sources) source.watchEnds(report);
    },
    async close() {
      await Promise.all(sources.map((source) => source.close()));
    },
  };
}
