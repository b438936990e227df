import type { Secret } from "../core/secret.ts";

/**
 * What a snippet is about. Names and values are checked before they come here.
 * @example
 * ```ts
 * import { Secret, type Connection } from "mcp-keys";
 *
 * const connection: Connection = { token: new Secret("mcp_7Fq2x9Lm0aBc_…"), envName: "MCP_API_KEY" };
 * ```
 */
export interface Connection {
  readonly token: Secret;
  /** The environment variable, `[A-Za-z_][A-Za-z0-9_]*`. */
  readonly envName: string;
  /** The server, for client configurations. */
  readonly url?: string;
  /** What a client calls the server, for client configurations. */
  readonly serverName?: string;
}

/**
 * Turns a connection into text for one shell, file or client. Opens no file.
 * @example
 * ```ts
 * import type { Format } from "mcp-keys";
 *
 * const toml: Format = {
 *   summary: "a line of a TOML file",
 *   render: ({ token, envName }) => `${envName} = ${JSON.stringify(token.reveal())}\n`,
 * };
 * ```
 */
export interface Format {
  /** One line for `--help`. */
  readonly summary: string;
  /**
   * The snippet, ending with one newline. Holds the token exactly once, or not at all where the reader can name the variable.
   * @throws `KeysError` `TOKEN_UNUSABLE` when the token holds a character this reader cannot carry; `USAGE` for a `serverName`
   * that it cannot.
   */
  render(connection: Connection): string;
}
