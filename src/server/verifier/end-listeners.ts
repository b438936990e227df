import { callHook, describeThrown } from "./call-hook.ts";
import type { EndedVersion } from "./ended-version.ts";

export type EndListener = (ended: EndedVersion) => void;

/** The listeners of {@link Verifier.onRevoked}. Versions are watched only while there is one. */
export class EndListeners {
  readonly #watch: (report: EndListener | null) => void;
  readonly #log: (line: string) => void;
  readonly #listeners = new Map<symbol, EndListener>();
  #hasFailed = false;

  /** @param watch - starts the reports, and stops them with `null` */
  constructor(watch: (report: EndListener | null) => void, log: (line: string) => void) {
    this.#watch = watch;
    this.#log = log;
  }

  /** Adds a listener and returns a function that removes it. */
  add(listener: EndListener): () => void {
    const own = Symbol();
    this.#listeners.set(own, listener);
    if (this.#listeners.size === 1) this.#watch((ended) => this.#report(ended));
    return () => {
      if (this.#listeners.delete(own) && this.#listeners.size === 0) this.#watch(null);
    };
  }

  #report(ended: EndedVersion): void {
    for (const listener of [...this.#listeners.values()]) callHook(listener, ended, (cause) => this.#fail(cause));
  }

  #fail(cause: unknown): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    this.#log(`mcp-keys: a listener of onRevoked failed (${describeThrown(cause)})`);
  }
}
