import type { HttpInit } from "../../http/http.ts";

/** A request to an MCP server, without the credentials. */
export interface PlannedRequest extends Pick<HttpInit, "method" | "path" | "body" | "announce" | "maxTls"> {
  /** Name in findings: `tools/list`, `GET`. */
  readonly name: string;
  /** Identifies the request in a run. Requests with the same key and credentials share one answer. */
  readonly cacheKey: string;
  readonly headers?: HttpInit["headers"];
  /** Milliseconds, if less than for other exchanges. */
  readonly timeoutMs?: number;
  /** Id of the JSON-RPC request in `body`; without one, no reply is expected. */
  readonly id?: string;
  /** What a successful answer grants, see `isGranted`. */
  readonly grants: Grant;
}

/** `data`: what a key protects, a list or a tool call · `stream`: an open event stream · `greeting`: a handshake or ping · `nothing` */
export type Grant = "data" | "stream" | "greeting" | "nothing";
