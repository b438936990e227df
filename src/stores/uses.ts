import type { Epoch, Key, KeyId } from "../core/key.ts";
import { UNNAMED, type ServerUse, type Usage, type UsageNews, type Use } from "../core/usage.ts";

/** The latest use of each version, by key and version. */
type Times = Map<KeyId, Map<number, Epoch>>;

/** Holds the last-used time of each version on each server. An older time never replaces a newer one. */
export class Uses {
  readonly #servers = new Map<string, Times>();
  readonly #reports = new Map<string, Epoch>();
  #publishedAt: Epoch | null = null;

  /** Adds a use. Returns whether it is newer than the known time. */
  add({ id, n, at, server = UNNAMED }: Use): boolean {
    const keys: Times = this.#servers.get(server) ?? new Map<KeyId, Map<number, Epoch>>();
    const times = keys.get(id) ?? new Map<number, Epoch>();
    if ((times.get(n) ?? -1) >= at) return false;
    this.#servers.set(server, keys.set(id, times.set(n, at)));
    return true;
  }

  /** Adds the times of reports, and when a keyset was published. Returns whether one of them is newer than the known time. */
  addNews({ reports = [], publishedAt }: UsageNews): boolean {
    let isNew = false;
    for (const { server, at } of reports) {
      if ((this.#reports.get(server) ?? -1) >= at) continue;
      this.#reports.set(server, at);
      isNew = true;
    }
    if (publishedAt === undefined || (this.#publishedAt ?? -1) >= publishedAt) return isNew;
    this.#publishedAt = publishedAt;
    return true;
  }

  /** Adds everything that another instance holds. */
  addAll(other: Uses): void {
    for (const use of other) this.add(use);
    const { reports, publishedAt } = other.usage(false);
    this.addNews({ reports, ...(publishedAt !== null && { publishedAt }) });
  }

  /** Drops a server, or with `null` that a keyset was published. Returns whether there was anything. */
  forget(server: string | null): boolean {
    if (server !== null) return [this.#servers.delete(server), this.#reports.delete(server)].includes(true);
    const wasPublished = this.#publishedAt !== null;
    this.#publishedAt = null;
    return wasPublished;
  }

  /** Returns the key with `lastUsedAt` filled in, or the same object if it was never used. */
  fill(key: Key): Key {
    if (this.#servers.size === 0) return key;
    const known = [...this.#servers.values()].flatMap((keys) => keys.get(key.id) ?? []);
    if (known.length === 0) return key;
    const latest = (n: number) => Math.max(...known.map((times) => times.get(n) ?? -1));
    const filled = key.versions.map((each) => ({ ...each, lastUsedAt: latest(each.n) < 0 ? null : latest(each.n) }));
    return { ...key, versions: filled };
  }

  /** @param withUses - false to leave out the uses, which may be many */
  usage(withUses = true): Usage {
    const reports = [...this.#reports].map(([server, at]) => ({ server, at }));
    return { uses: withUses ? [...this] : [], reports, publishedAt: this.#publishedAt };
  }

  *[Symbol.iterator](): IterableIterator<ServerUse> {
    for (const [server, keys] of this.#servers) {
      for (const [id, times] of keys) for (const [n, at] of times) yield { id, n, at, server };
    }
  }
}
