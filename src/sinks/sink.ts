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
   * @throws `KeysError` `DELIVERY_FAILED` (`OUTPUT_FAILED` for stdout) if the text certainly did not arrive; `DELIVERY_UNCERTAIN`
   * if it may have (a command read it and then failed)
   */
  deliver(text: string): Promise<Receipt>;
  /** Closes the destination after a failure elsewhere, and leaves no files. Does nothing after a delivery. */
  discard(): Promise<void>;
}

/** The steps that differ between sinks. */
interface SinkSteps {
  /** Leaves nothing open, whether it resolves or rejects. */
  readonly deliver: (text: string) => Promise<void>;
  /** Closes an unused destination and removes its files. */
  readonly discard?: () => Promise<void>;
}

/**
 * Creates a sink that delivers at most once. Its `discard` waits for a delivery in progress, because an interrupted run must not
 * end before it has cleaned up.
 */
export function createSink(to: string, { deliver, discard }: SinkSteps): Sink {
  let used: Promise<void> | undefined;
  let isDiscarded = false;
  return {
    to,
    async deliver(text) {
      if (isDiscarded) throw new KeysError("DELIVERY_FAILED", "interrupted before the delivery");
      if (used !== undefined) throw new KeysError("BUG", `${to} was already delivered to`);
      used = deliver(text);
      await used;
      return { to };
    },
    async discard() {
      isDiscarded ||= used === undefined;
      used ??= discard?.() ?? Promise.resolve();
      await used.catch(() => undefined);
    },
  };
}
