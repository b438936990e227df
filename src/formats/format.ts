import type { Secret } from "../core/secret.ts";

/**
 * The input of a format: a token and the names to write it under. The names must be valid; callers check them.
 * @example
 * ```ts
 * import { Secret, type Connection } from "mcp-keys";
 *
 * const connection: Connection = { token: new Secret("mcp_7Fq2x9Lm0aBc_…"), envName: "MCP_API_KEY" };
 * ```
 */
export interface Connection {
  /** The token to write. */
  readonly token: Secret;
  /** The environment variable, `[A-Za-z_][A-Za-z0-9_]*`. */
  readonly envName: string;
  /** The URL of the server, for client configurations. */
  readonly url?: string;
  /** The name a client gives the server, for client configurations. */
  readonly serverName?: string;
}

/**
 * Turns a connection into text for one shell, file or client. Opens no files.
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
   * Returns the snippet, ending with one newline. It contains the token once, or not at all if the reader can use a variable.
   * @throws `KeysError` `TOKEN_UNUSABLE` if the token contains a character that the format cannot represent; `USAGE` for an
   * invalid `serverName`
   */
  render(connection: Connection): string;
}
