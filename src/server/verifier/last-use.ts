import type { Epoch } from "../../core/key.ts";
import type { KeyStore, Use } from "../../stores/store.ts";
import type { KeyIndex } from "../key-index/key-index.ts";

/** Milliseconds for the last batch, when a server shuts down and the store hangs. */
const CLOSE_PATIENCE = 5_000;

/** Gathers when versions were used, and writes it to the store in batches, off the path of requests. */
export class LastUse {
  readonly #store: KeyStore;
  readonly #onWritten: (cause: unknown) => void;
  /** Which holds the uses that are still to be written; the one before it had its last when it was replaced. */
  #index: KeyIndex | null = null;
  #kept: Use[] = [];
  #writing: Promise<void> | null = null;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param flushEvery - seconds
   * @param onWritten - called after each batch: with `null`, or with what the store threw
   */
  constructor(store: KeyStore, flushEvery: number, onWritten: (cause: unknown) => void) {
    this.#store = store;
    this.#onWritten = onWritten;
    if (store.readOnly) return;
    this.#timer = setInterval(() => void this.#flush(), flushEvery * 1000);
    this.#timer.unref();
  }

  /** @param row - what the index calls the version */
  note(index: KeyIndex, row: number, now: Epoch): void {
    if (index !== this.#index) {
      this.#keep(this.#index?.takeUses() ?? []);
      this.#index = index;
    }
    index.use(row, now);
  }

  /** Writes what is left, and gives up after a while when the store hangs. Never throws. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    if (this.#store.readOnly) return;
    const written = (this.#writing ?? Promise.resolve()).then(() => this.#flush());
    let timer: NodeJS.Timeout | undefined;
    const tooLong = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, CLOSE_PATIENCE);
    });
    await Promise.race([written, tooLong]);
    clearTimeout(timer);
  }

  /** One batch at a time: while one is being written, the next one gathers. */
  #flush(): Promise<void> {
    this.#writing ??= this.#write().finally(() => (this.#writing = null));
    return this.#writing;
  }

  async #write(): Promise<void> {
    this.#keep(this.#index?.takeUses() ?? []);
    const batch = this.#kept;
    if (batch.length === 0) return;
    this.#kept = [];
    try {
      await this.#store.touch(batch);
      this.#onWritten(null);
    } catch (cause) {
      this.#keep(batch);
      this.#onWritten(cause);
    }
  }

  /** For the next time. The later use of a version counts, so that the list is bounded by the versions there are. */
  #keep(uses: readonly Use[]): void {
    if (this.#kept.length === 0) {
      this.#kept = [...uses];
      return;
    }
    const latest = new Map<string, Use>();
    for (const use of [...this.#kept, ...uses]) {
      const name = `${use.id} ${use.n}`;
      if ((latest.get(name)?.at ?? 0) <= use.at) latest.set(name, use);
    }
    this.#kept = [...latest.values()];
  }
}
