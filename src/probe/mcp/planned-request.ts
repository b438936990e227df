import type { HttpInit } from "../../http/http.ts";

/** One request that a client can make of an MCP server, without what is presented. */
export interface PlannedRequest extends Pick<HttpInit, "method" | "path" | "body" | "announce" | "maxTls"> {
  /** Names it in findings: `tools/list`, `GET stream`. */
  readonly name: string;
  /** Tells it from all others of a run; those with the same mark that present the same are run once. */
  readonly cacheKey: string;
  readonly headers?: HttpInit["headers"];
  /** Milliseconds, where it is to be given less time than every exchange has. */
  readonly timeoutMs?: number;
  /** The id of the JSON-RPC request in `body`; without one no reply is looked for. */
  readonly id?: string;
  /** What an answer gives to whoever gets it, see `isOpen`. */
  readonly grants: Grant;
}

/** `goods`: what a key is for, a list or a call · `stream`: an open event stream · `greeting`: a handshake, a ping · `nothing` */
export type Grant = "data" | "stream" | "greeting" | "nothing";
