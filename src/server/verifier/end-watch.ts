import type { Epoch, Key } from "../../core/key.ts";
import type { KeyIndex } from "../key-index/key-index.ts";
import type { EndListener } from "./end-listeners.ts";
import { endedVersions, type EndedVersion } from "./ended-version.ts";

/** Milliseconds between two looks at the clock. */
const TICK = 1_000;
/** Versions per step of a search, in about 2 ms: requests must not wait for it. */
const ROWS = 10_000;

export interface EndWatchOptions {
  /** Returns the index that is in use. */
  readonly index: () => KeyIndex;
  readonly now: () => Epoch;
  readonly report: EndListener;
}

/** Reports the versions in an index that stop being valid, each once: through a change at once, as time passes within a second. */
export class EndWatch {
  readonly #options: EndWatchOptions;
  readonly #timer: NodeJS.Timeout;
  #step: NodeJS.Immediate | undefined;

  constructor(options: EndWatchOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#tick(), TICK);
    this.#timer.unref();
    options.index().ends.start(options.now());
    this.#collect();
  }

  /** Puts the keys of a change into the index, and then reports what ended. */
  put(keys: readonly Key[]): void {
    const now = this.#tick();
    const index = this.#options.index();
    const ended = keys.flatMap((key) => {
      const before = index.get(key.id);
      index.put(key);
      return before === null ? [] : endedVersions(before, key, now);
    });
    this.#report(ended);
  }

  /** Reports what worked in the old index and does not in the new one, which is in use now. */
  replace(old: KeyIndex): void {
    const { index, now, report } = this.#options;
    const at = now();
    const next = index();
    for (const { key, n } of old.ends.take(at)) report({ id: key.id, name: key.name, n, reason: "expired" });
    const ended: EndedVersion[] = [];
    for (const key of old.workingKeys(at)) ended.push(...endedVersions(key, next.get(key.id), at));
    next.ends.start(at);
    this.#collect();
    this.#report(ended);
  }

  stop(): void {
    clearInterval(this.#timer);
    clearImmediate(this.#step);
    this.#options.index().ends.stop();
  }

  #report(ended: readonly EndedVersion[]): void {
    for (const each of ended) this.#options.report(each);
  }

  /** Reports the versions whose time is over, and returns the time. */
  #tick(): Epoch {
    const { index, now, report } = this.#options;
    const at = now();
    for (const { key, n } of index().ends.take(at)) report({ id: key.id, name: key.name, n, reason: "expired" });
    this.#collect();
    return at;
  }

  /** Searches in steps. What it finds may be over, if the clock jumped ahead. */
  #collect(): void {
    const { ends } = this.#options.index();
    clearImmediate(this.#step);
    if (!ends.isSearching) return;
    this.#step = setImmediate(() => {
      ends.collect(ROWS);
      if (ends.isSearching) this.#collect();
      else this.#tick();
    });
    this.#step.unref();
  }
}
