import type { HeadFlaw } from "./head-flaw.ts";

/** The parts of a request that the guard reads, independent of the framework. */
export interface RequestView {
  /** Why the head cannot be judged; `null` if it can. */
  readonly flaw: HeadFlaw | null;
  readonly method: string;
  /** The path as sent, without the query. */
  readonly path: string;
  /** The host and port that the client asked for; `null` if unknown. */
  readonly host: string | null;
  /** The other end of the connection; `null` if unknown. */
  readonly address: string | null;
  /** The query of the URL as sent, without the `?`. */
  readonly query: string;
  /** Returns the value of a header, several joined by `, `; `null` if there is none. `name` is in lower case. */
  header(name: string): string | null;
}
