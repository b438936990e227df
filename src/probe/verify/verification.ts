import type { Era } from "../mcp/conversation.ts";

/** Outcome of `verify` → exit code. */
export const OUTCOMES = {
  /** The server accepts your key, and no request without a key or with a wrong one. */
  enforced: 0,
  /** The server answers 401 to your key, or accepts it only in another header. */
  refused: 4,
  /** The server answers 403 to your key, usually because a scope is missing. */
  forbidden: 4,
  /** The server accepts a request without a key or with a wrong one, no matter what it does with yours. */
  "not-enforced": 8,
  /** No connection, or no answer in time. */
  unreachable: 7,
  /** The answer is not MCP. */
  "not-mcp": 7,
  /** Nothing could be proven: the server failed, limited the rate or answered with a JSON-RPC error. */
  "server-error": 7,
  /** The URL is plain http beyond loopback. Nothing was sent. */
  "insecure-transport": 2,
} as const satisfies Record<string, number>;

export type Outcome = keyof typeof OUTCOMES;

/** The server's answer to one of the keys, or to no key. */
export interface AttemptSummary {
  /** The era in which it was sent, if the server speaks it. */
  readonly era?: Era;
  /** HTTP status of the answer that decides. */
  readonly status: number;
  /** Its `WWW-Authenticate` header, safe to print. */
  readonly challenge?: string;
  /** Milliseconds until that answer. */
  readonly ms: number;
}

/** The document that `verify --json` prints, without `schemaVersion`. Never contains a token, even if the server echoed it. */
export interface Verification {
  /** Whether `outcome` is `enforced`. */
  readonly ok: boolean;
  readonly url: string;
  readonly outcome: Outcome;
  readonly era?: Era;
  readonly protocolVersion?: string;
  readonly server?: { readonly name: string; readonly version: string };
  /** Number of tools on the first page of `tools/list`. */
  readonly tools?: number;
  /** Without a key, in the first era in which the server accepts that; `null` if it was not tried or got no answer. */
  readonly anonymous: AttemptSummary | null;
  /** With a bogus key that has the prefix and id of yours; `null` as above. */
  readonly bogus: AttemptSummary | null;
  /** With your key, changed in the middle; `null` as above, and if yours was not accepted. */
  readonly changed: AttemptSummary | null;
  /** With your key; `null` as above. */
  readonly presented: AttemptSummary | null;
  /** The problem and the next step, in one line. */
  readonly hint?: string;
}
