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
