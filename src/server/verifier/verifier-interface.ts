import type { AccessLog } from "../access/access-log.ts";
import type { Reason, Verdict } from "../../core/judge.ts";
import type { Position } from "../../core/position.ts";
import type { AtLeastOptions } from "./at-least.ts";
import type { Counters } from "./counters.ts";
import type { EndedVersion } from "./ended-version.ts";
import type { Requirements } from "./verifier-options.ts";

/**
 * Verifies tokens in memory.
 * @example
 * ```ts
 * import type { Verifier } from "mcp-keys";
 *
 * const health = (verifier: Verifier) => ({ ready: verifier.ready, accepted: verifier.counters.accepted });
 * ```
 */
export interface Verifier {
  /**
   * Verifies a token. Does no I/O and creates no `Error` for a refusal.
   * @throws {@link KeysError} `STORE_UNAVAILABLE` if the store has not answered for `maxStaleness`, `PEPPER_MISSING` if the token
   *   cannot be checked without a pepper that was not passed: answer 503, never 401. `USAGE` for an argument of another type
   */
  verify(token: string, requirements?: Requirements): Verdict;
  /**
   * Verifies the value of an `Authorization` header.
   * @throws {@link KeysError} as {@link Verifier.verify}
   */
  verifyHeader(authorization: string | null | undefined, requirements?: Requirements): Verdict;
  /** Counts and logs a refusal that was decided without the keys. `detail` must not quote the token. */
  refuse(reason: Reason, detail?: string): Verdict;
  /** Logs a problem of the server while it handled a request, at a limited rate. `problem` must not quote the token. */
  report(problem: string): void;
  /**
   * Logs a request that a guard refused for another reason than its token, at most ten lines for each reason per minute.
   * @param reason - a constant, like `forbidden-origin`
   * @param detail - the fix; must not quote a token
   */
  logRefusal(reason: string, detail: string): void;
  /**
   * Reads the store now and waits for it, at most 5 seconds. For a process that was suspended (serverless, a laptop): after
   * `STORE_UNAVAILABLE`, refresh once and verify again. Returns at once if the store is known to fail. Never throws.
   * @returns whether memory was too old and is up to date again; with several stores: that of one of them
   */
  refresh(): Promise<boolean>;
  /**
   * Calls a function once for each version that was valid and stops being so, to end the connections that were opened with its token:
   * at once when the store announces a change, and within a second of the time when a version expires or its overlap ends. Not awaited;
   * an error is logged once. The guards do this for their own responses.
   * @returns a function that stops it
   * @throws {@link KeysError} `USAGE` for an argument of another type
   * @example
   * ```ts
   * import { createVerifier, openStore } from "mcp-keys";
   *
   * const sockets = new Map<string, { close(): void }>();
   * const verifier = await createVerifier({ store: await openStore() });
   * verifier.onRevoked(({ id, n }) => sockets.get(`${id} ${n}`)?.close());
   * ```
   */
  onRevoked(listener: (ended: EndedVersion) => void): () => void;
  /** Returns up to where the keys in memory are current; with several stores, those of the first one. */
  position(): Position;
  /**
   * Waits until a change that was made elsewhere takes effect here, and the store knows that it does: the `position` that generate,
   * rotate, revoke or update printed with `--json`, or returned.
   * @param position - `{ epoch, seq }`, or the text `epoch.seq`
   * @param options - `timeout`: seconds to wait, 10 by default
   * @throws {@link KeysError} `STORE_BEHIND` if it takes longer; `POSITION_UNKNOWN` if no store of this verifier has the epoch; `USAGE`
   * @example
   * ```ts
   * import { createKeys, createVerifier, openStore } from "mcp-keys";
   *
   * const store = await openStore();
   * const verifier = await createVerifier({ store });
   * await createKeys({ store }).revoke("ci");
   * await verifier.atLeast(await store.position());
   * ```
   */
  atLeast(position: Position | string, options?: AtLeastOptions): Promise<void>;
  /** The URL of this server; `null` if it was not set. */
  readonly audience: string | null;
  /** Counts since the start, updated live. */
  readonly counters: Readonly<Counters>;
  /** For guards: where to record calls; `null` without `onAccess` and `accessLog`. */
  readonly access?: AccessLog | null;
  /** Whether {@link Verifier.verify} can answer, for a health check. With several stores: about every token. */
  readonly ready: boolean;
  /** Returns the metrics as text for Prometheus, to be served as `text/plain; version=0.0.4`. `docs/metrics.md` lists them. */
  metrics(): Promise<string>;
  /**
   * Stops following the store and writes the last-used times in memory. From then on, tokens get `STORE_UNAVAILABLE`, because nobody waits for this
   * verifier to learn of a revocation. Does not close the store. Never throws.
   */
  close(): Promise<void>;
}
