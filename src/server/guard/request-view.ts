/** What a guard sees of a request, whatever its framework. */
export interface RequestView {
  readonly method: string;
  /** The path as sent, without the query. */
  readonly path: string;
  /** Host and port that were asked for; `null` when the request does not say. */
  readonly host: string | null;
  /** What stands behind the `?` of the URL, as sent. */
  readonly query: string;
  /** The value of a header, several joined by `, `; `null` when there is none. `name` in lower case. */
  header(name: string): string | null;
}
