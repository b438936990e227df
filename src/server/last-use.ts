import type { Epoch } from "../core/key.ts";
import type { KeyStore } from "../stores/store.ts";
import type { Held } from "./key-index.ts";

/** Milliseconds for the last batch, when a server shuts down and the store hangs. */
const CLOSE_PATIENCE = 5_000;

/** Gathers when versions were used, and writes it to the store in batches, off the path of requests. */
export class LastUse {
  readonly #store: KeyStore;
  readonly #onWritten: (cause: unknown) => void;
  #unsaved: Held[] = [];
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

  /** A version stands in the list once, so that its length is bounded by the versions there are. */
  note(held: Held, now: Epoch): void {
    if (held.usedAt >= now) return;
    held.usedAt = now;
    if (held.unsaved) return;
    held.unsaved = true;
    this.#unsaved.push(held);
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
    if (this.#writing === null && this.#unsaved.length > 0) {
      this.#writing = this.#write().finally(() => (this.#writing = null));
    }
    return this.#writing ?? Promise.resolve();
  }

  async #write(): Promise<void> {
    const batch = this.#unsaved;
    this.#unsaved = [];
    for (const held of batch) held.unsaved = false;
    try {
      await this.#store.touch(batch.map(({ key, version, usedAt }) => ({ id: key.id, n: version.n, at: usedAt })));
      this.#onWritten(null);
    } catch (cause) {
      this.#keep(batch);
      this.#onWritten(cause);
    }
  }

  /** For the next time. A version that was loaded anew in the meantime stands in the list twice: the later use counts. */
  #keep(batch: readonly Held[]): void {
    const latest = new Map<string, Held>();
    for (const held of [...batch, ...this.#unsaved]) {
      const name = `${held.key.id} ${held.version.n}`;
      if ((latest.get(name)?.usedAt ?? 0) <= held.usedAt) latest.set(name, held);
    }
    this.#unsaved = [...latest.values()];
    for (const held of this.#unsaved) held.unsaved = true;
  }
}
