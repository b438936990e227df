import { checkAcknowledgement, checkFollowerId, type Acknowledgement, type Follower } from "../core/follower.ts";
import { includes } from "../core/position.ts";

/** A day, in milliseconds. A follower that was not seen for this long is no longer listed. */
const LISTED = 86_400_000;

/** Holds the verifiers that follow a store in memory. */
export class Followers {
  readonly #ticks: () => number;
  readonly #known = new Map<string, { news: Acknowledgement; at: number }>();

  /** @param ticks - returns the milliseconds of a clock that nobody sets */
  constructor(ticks: () => number) {
    this.#ticks = ticks;
  }

  /** Implements {@link KeyStore.acknowledge}. */
  acknowledge(news: Acknowledgement): void {
    checkAcknowledgement(news);
    const { id, name, lease, version } = news;
    const { epoch, seq } = news.position;
    const known = this.#known.get(id)?.news.position;
    const position = known !== undefined && includes(known, news.position) ? known : { epoch, seq };
    this.#known.set(id, { news: { id, name, position, lease, version }, at: this.#ticks() });
  }

  /** Implements {@link KeyStore.unfollow}. */
  unfollow(id: string): void {
    checkFollowerId(id);
    this.#known.delete(id);
  }

  /** Implements {@link KeyStore.followers}. */
  list(): Follower[] {
    const now = this.#ticks();
    for (const [id, { at }] of this.#known) if (now - at > LISTED) this.#known.delete(id);
    return [...this.#known.values()].map(({ news: { lease, ...news }, at }) => {
      const seenAgo = now - at;
      return { ...news, leaseLeft: lease - seenAgo, seenAgo };
    });
  }
}
