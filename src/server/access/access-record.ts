import type { KeyId, KeyName } from "../../core/key.ts";

/**
 * What happened to one call. Contains no token and no arguments. With `JSON.stringify`, it is the line that `accessLog` gets.
 * @example
 * ```ts
 * import type { AccessRecord } from "mcp-keys";
 *
 * const isDenied = ({ verdict }: AccessRecord): boolean => verdict !== "accepted";
 * ```
 */
export interface AccessRecord {
  /** When the guard decided, in whole seconds: RFC 3339 in UTC. */
  readonly at: string;
  /** `unavailable`: there was no verdict, because the store or a pepper is missing. */
  readonly verdict: "accepted" | "refused" | "unavailable";
  /** Why it was not accepted: the reason of a verdict, or one of the guard, such as `foreign-session`. `null` if it was. */
  readonly reason: string | null;
  /** `null` for a token that belongs to no key, or if the request has none. */
  readonly key: { readonly id: KeyId; readonly name: KeyName; readonly owner: string | null } | null;
  /** The number of the key's version. */
  readonly version: number | null;
  /** The method of HTTP; `null` on stdio. */
  readonly http: string | null;
  /**
   * The method of the JSON-RPC message, such as `tools/call`. `null` without a body, and for one that could be read in two ways or is
   * larger than 4 MiB. The body of a refused request is not read, so this is what its header `Mcp-Method` claims, if it has one.
   */
  readonly method: string | null;
  /** The tool that it calls, or claims to call in `Mcp-Name`. */
  readonly tool: string | null;
  /** How long the guard took, in milliseconds, with the wait for the body; `null` on stdio. */
  readonly ms: number | null;
  /** The position in the store's history that the verdict rests on, as `generate` and `revoke` print it; `null` on stdio. */
  readonly position: string | null;
  /** The other end of the connection, or what the option `addressOf` returned. `null` if unknown. */
  readonly address: string | null;
  /** Only in the last record of a batch with more than 1,000 messages: how many were left out. */
  readonly more?: number;
}
