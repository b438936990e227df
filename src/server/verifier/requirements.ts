import { FLAG, TEXT, TEXTS, type Rules } from "../../core/options.ts";

/**
 * What a request requires of a key, besides being valid.
 * @example
 * ```ts
 * import type { Requirements, Verifier } from "mcp-keys";
 *
 * const requirements: Requirements = { scopes: ["deploy"] };
 * const canDeploy = (verifier: Verifier, token: string): boolean => verifier.verify(token, requirements).ok;
 * ```
 */
export interface Requirements {
  /** Scopes the key must have, all of them. */
  readonly scopes?: readonly string[];
  /** The URL of this server, as `parseAudience` normalizes it. By default the verifier's own. */
  readonly audience?: string;
  /** Whether the request was accepted before, as when its body has arrived. Then only a refusal is counted and reported. */
  readonly again?: boolean;
}

export const REQUIREMENTS: Rules<Requirements> = { scopes: TEXTS, audience: TEXT, again: FLAG };
