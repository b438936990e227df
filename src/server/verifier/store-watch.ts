import type { KeyStore } from "../../stores/store.ts";
import { callHook } from "./call-hook.ts";

/** Watches a store for changes. A failure is not a fault, because polling works without a watch: start it again later. */
export class StoreWatch {
  readonly #store: KeyStore;
  readonly #wake: () => void;
  readonly #log: (line: string) => void;
  #state: "off" | "starting" | "closed" | (() => void) = "off";

  constructor(store: KeyStore, wake: () => void, log: (line: string) => void) {
    this.#store = store;
    this.#wake = wake;
    this.#log = log;
  }

  /** Starts the watch unless it runs. */
  start(): void {
    if (this.#state !== "off") return;
    this.#state = "starting";
    this.#open()
      .then((stop) => {
        if (this.#state === "closed") return stop();
        this.#state = stop;
        // Reads the changes from before the watch started.
        this.#wake();
      })
      .catch(() => {
        if (this.#state === "starting") this.#state = "off";
      });
  }

  close(): void {
    if (typeof this.#state === "function") this.#state();
    this.#state = "closed";
  }

  /** Returns a function that stops the watch, and never throws. */
  async #open(): Promise<() => void> {
    const stop = await this.#store.watch(
      () => this.#wake(),
      (line) => this.#log(`mcp-keys: ${line}`),
    );
    return () => callHook(stop, undefined, () => undefined);
  }
}
