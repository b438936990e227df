import type { Epoch } from "../../core/key.ts";
import type { Use } from "../../core/usage.ts";
import type { KeyIndex } from "../key-index/key-index.ts";
import { waitAtMost } from "./patience.ts";
import type { UseTarget } from "./use-target.ts";

/** Milliseconds to wait for the last batch at shutdown if the store hangs. */
const CLOSE_PATIENCE = 5_000;
/** Milliseconds between two reports without news. A report proves until its time that nothing else was used. */
const REPORT_EVERY = 60_000;

export interface RecorderOptions {
  /** `null` if uses are not recorded. */
  readonly target: UseTarget | null;
  readonly now: () => Epoch;
  /** The least seconds from one write to the next. */
  readonly flushEvery: number;
  /** Returns the index that records uses now. */
  readonly index: () => KeyIndex;
  /** Called with each batch before it is written. */
  readonly onBatch: (uses: readonly Use[]) => void;
  /** Called after each batch with `null`, or with what the store threw. */
  readonly onWritten: (cause: unknown) => void;
}

/** Writes last-used times to the store or to a report in batches, off the request path. */
export class UseRecorder {
  readonly #options: RecorderOptions;
  #unwritten: Use[] = [];
  #writing: Promise<void> | null = null;
  /** Runs for the interval after the start of a write. */
  #pause: NodeJS.Timeout | undefined;
  readonly #heartbeat: NodeJS.Timeout | undefined;
  /** Whether to write again after the pause. */
  #isDue = false;
  #isClosed = false;

  constructor(options: RecorderOptions) {
    this.#options = options;
    if (options.target?.reports !== true) return;
    this.#heartbeat = setInterval(() => this.schedule(), REPORT_EVERY);
    this.#heartbeat.unref();
  }

  /**
   * Has the uses written: at once, or as soon as the interval allows. So the first request with a new token is in the store before
   * somebody asks whether the token is in use. Call it when the index has its first use.
   */
  schedule(): void {
    if (this.#isClosed) return;
    this.#isDue = this.#pause !== undefined;
    if (this.#isDue) return;
    this.#pause = setTimeout(() => {
      this.#pause = undefined;
      if (this.#isDue) this.schedule();
    }, this.#options.flushEvery * 1000);
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
    clearInterval(this.#heartbeat);
    if (this.#options.target === null) return;
    const written = (this.#writing ?? Promise.resolve()).then(() => this.#flush());
    await waitAtMost(CLOSE_PATIENCE, written);
  }

  /** One batch at a time: while one is written, the next one collects. */
  #flush(): Promise<void> {
    this.#writing ??= this.#write().finally(() => (this.#writing = null));
    return this.#writing;
  }

  async #write(): Promise<void> {
    const { target, now, onBatch, onWritten } = this.#options;
    const at = now();
    this.collect(this.#options.index());
    const batch = this.#unwritten;
    if (batch.length === 0 && target?.reports !== true) return;
    this.#unwritten = [];
    onBatch(batch);
    if (target === null) return;
    try {
      await target.write(batch, at);
      onWritten(null);
    } catch (cause) {
      this.#keep(batch);
      this.schedule();
      onWritten(cause);
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
