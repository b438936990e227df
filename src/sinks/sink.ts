/** What became of a delivery, for people and JSON: `file:/run/key`, `command:gh secret set MCP_API_KEY`, `stdout`. */
export interface Receipt {
  readonly to: string;
}

/**
 * Where a new token is delivered. Opened before anything is written to the store, so that a bad path or a missing
 * program fails first and leaves nothing behind.
 */
export interface Sink {
  /** The receipt it would give; never holds a secret. */
  readonly to: string;
  /**
   * Delivers the text once and returns when it is there.
   * @throws `KeysError` `DELIVERY_FAILED` when the text certainly reached nobody; `DELIVERY_UNCERTAIN` when it may have
   * (a command that took it and then failed).
   */
  deliver(text: string): Promise<Receipt>;
  /** Gives back what was opened, after a failure elsewhere; leaves nothing behind. Does nothing after a delivery. */
  discard(): Promise<void>;
}
