import type { Era } from "../mcp/conversation.ts";

/** What was proven about a server, and the exit status that says so. */
export const OUTCOMES = {
  /** Your key is let in; no key and a bogus key are not. */
  enforced: 0,
  /** Your key gets 401. */
  refused: 4,
  /** Your key gets 403: most often a scope is missing. */
  forbidden: 4,
  /** A request without a key, or with a bogus one, is let in. Stands above what became of your key. */
  "not-enforced": 8,
  /** No connection, or no answer in time. */
  unreachable: 7,
  /** Something answers, but not MCP. */
  "not-mcp": 7,
  /** The server failed, limits the rate, or answered a JSON-RPC error, so that nothing could be proven. */
  "server-error": 7,
  /** Plain http beyond loopback; nothing was sent. */
  "insecure-transport": 2,
} as const satisfies Record<string, number>;

export type Outcome = keyof typeof OUTCOMES;

/** What the server answered to one presentation. */
export interface AttemptSummary {
  /** HTTP status of the exchange that decided. */
  readonly status: number;
  /** `WWW-Authenticate`, made safe to print. */
  readonly challenge?: string;
  /** Milliseconds that exchange took. */
  readonly ms: number;
}

/** The document `verify --json` prints, without `schemaVersion`. Holds no token, whatever the server echoed. */
export interface Verification {
  /** `outcome` is `enforced`. */
  readonly ok: boolean;
  readonly url: string;
  readonly outcome: Outcome;
  readonly era?: Era;
  readonly protocolVersion?: string;
  readonly server?: { readonly name: string; readonly version: string };
  /** How many tools the first page of `tools/list` names. */
  readonly tools?: number;
  /** Without a key; `null` when it was not tried or got no answer. */
  readonly anonymous: AttemptSummary | null;
  /** With a bogus key of the same prefix and id; `null` as above. */
  readonly bogus: AttemptSummary | null;
  /** With your key; `null` as above. */
  readonly presented: AttemptSummary | null;
  /** What to do next, or what else was noticed. One line. */
  readonly hint?: string;
}
