import { KeysError } from "../errors.ts";

/** Where a token was delivered, in text and JSON output: `file:/run/key`, `command:gh secret set MCP_API_KEY`, `stdout`. */
export interface Receipt {
  readonly to: string;
}

/**
 * A destination for a new token. It is opened before the store is written, because a bad path or a missing program must fail
 * before anything changes.
 */
export interface Sink {
  /** The receipt it will return. Never contains a secret. */
  readonly to: string;
  /**
   * Delivers the text once and returns when it has arrived.
   * @throws `KeysError` `DELIVERY_FAILED` if the text certainly did not arrive; `DELIVERY_UNCERTAIN` if it may have (a command
   * read it and then failed)
   */
  deliver(text: string): Promise<Receipt>;
  /** Releases what was opened, after a failure elsewhere, and leaves no files. Does nothing after a delivery. */
  discard(): Promise<void>;
}

/** The part that differs between sinks. */
interface Once {
  /** Leaves nothing open, whether it resolves or rejects. */
  readonly deliver: (text: string) => Promise<void>;
  /** Releases what was opened and not used. */
  readonly discard?: () => Promise<void>;
}

/**
 * Makes a sink keep its contract: it delivers at most once, and `discard` waits for a delivery in progress, because an
 * interrupted run must not end before it has cleaned up.
 */
export function once(to: string, { deliver, discard }: Once): Sink {
  let used: Promise<void> | undefined;
  return {
    to,
    async deliver(text) {
      if (used !== undefined) throw new KeysError("BUG", `${to} was already delivered to or discarded`);
      used = deliver(text);
      await used;
      return { to };
    },
    async discard() {
      used ??= discard?.() ?? Promise.resolve();
      await used.catch(() => undefined);
    },
  };
}
