import type { KeyStore, Use } from "../../stores/store.ts";
import type { KeyIndex } from "../key-index/key-index.ts";

/** Milliseconds to wait for the last batch at shutdown if the store hangs. */
const CLOSE_PATIENCE = 5_000;

/** Writes last-used times to the store in batches, off the request path. */
export class UseRecorder {
  readonly #store: KeyStore;
  readonly #index: () => KeyIndex;
  readonly #onWritten: (cause: unknown) => void;
  #unwritten: Use[] = [];
  #writing: Promise<void> | null = null;
  readonly #interval: number;
  /** Runs for the interval after the start of a write. */
  #pause: NodeJS.Timeout | undefined;
  /** Whether to write again after the pause. */
  #isDue = false;
  #isClosed = false;

  /**
   * @param flushEvery - the least seconds from one write to the next
   * @param index - returns the index that records uses now
   * @param onWritten - called after each batch with `null`, or with what the store threw
   */
  constructor(store: KeyStore, flushEvery: number, index: () => KeyIndex, onWritten: (cause: unknown) => void) {
    this.#store = store;
    this.#index = index;
    this.#onWritten = onWritten;
    this.#interval = flushEvery * 1000;
  }

  /**
   * Has the uses written: at once, or as soon as the interval allows. So the first request with a new token is in the store before
   * somebody asks whether the token is in use. Call it when the index has its first use.
   */
  schedule(): void {
    if (this.#store.readOnly || this.#isClosed) return;
    this.#isDue = this.#pause !== undefined;
    if (this.#isDue) return;
    this.#pause = setTimeout(() => {
      this.#pause = undefined;
      if (this.#isDue) this.schedule();
    }, this.#interval);
    this.#pause.unref();
    // Not on the path of the request. A write in progress does not have these uses.
    setImmediate(() => void (this.#writing ?? Promise.resolve()).then(() => this.#flush()));
  }

  /** Takes over the uses of an index that is replaced. */
  collect(index: KeyIndex): void {
    this.#keep(index.takeUses());
  }

  /** Writes the remaining uses; gives up after a while if the store hangs. Never throws. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#pause);
    if (this.#store.readOnly) return;
    const written = (this.#writing ?? Promise.resolve()).then(() => this.#flush());
    let timer: NodeJS.Timeout | undefined;
    const tooLong = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, CLOSE_PATIENCE);
    });
    await Promise.race([written, tooLong]);
    clearTimeout(timer);
  }

  /** One batch at a time: while one is written, the next one collects. */
  #flush(): Promise<void> {
    this.#writing ??= this.#write().finally(() => (this.#writing = null));
    return this.#writing;
  }

  async #write(): Promise<void> {
    this.collect(this.#index());
    const batch = this.#unwritten;
    if (batch.length === 0) return;
    this.#unwritten = [];
    try {
      await this.#store.touch(batch);
      this.#onWritten(null);
    } catch (cause) {
      this.#keep(batch);
      this.schedule();
      this.#onWritten(cause);
    }
  }

  /** Keeps one use per version, the latest, so the list cannot outgrow the versions. */
  #keep(uses: readonly Use[]): void {
    if (this.#unwritten.length === 0) {
      this.#unwritten = [...uses];
      return;
    }
    const latest = new Map<string, Use>();
    for (const use of [...this.#unwritten, ...uses]) {
      const name = `${use.id} ${use.n}`;
      if ((latest.get(name)?.at ?? 0) <= use.at) latest.set(name, use);
    }
    this.#unwritten = [...latest.values()];
  }
}
