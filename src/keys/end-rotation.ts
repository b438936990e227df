import type { EndProof } from "../core/evidence.ts";

/**
 * The default window of `finish` and `abort`: 3600 seconds, an hour. A version not used for this long counts as unused.
 * @example
 * ```ts
 * import { createKeys, DEFAULT_WINDOW, openStore } from "mcp-keys";
 *
 * const keys = createKeys({ store: await openStore() });
 * await keys.finish("ci", { window: 2 * DEFAULT_WINDOW });
 * ```
 */
export const DEFAULT_WINDOW = 3_600;

/**
 * Options of {@link Keys.finish} and {@link Keys.abort}.
 * @example
 * ```ts
 * import type { EndRotation } from "mcp-keys";
 *
 * const patient: EndRotation = { window: 86_400 };
 * ```
 */
export interface EndRotation {
  /** Seconds: a version counts as in use if it was used within this time. Default: 3600. */
  readonly window?: number;
  /** Skips the evidence. */
  readonly force?: boolean;
  /** What you have seen at servers that do not report, such as one that holds the token itself. */
  readonly proof?: EndProof;
}
