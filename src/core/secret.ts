/**
 * A token on its way to the one place that may hold it. Printing, interpolating, inspecting or serialising it gives
 * `[secret]`; only {@link Secret.reveal} gives the text, so that a search for `reveal(` audits every use.
 * @example
 * ```ts
 * import { Secret } from "mcp-keys";
 *
 * const token = new Secret(process.env["MCP_API_KEY"] ?? "");
 * console.log(`${token}`); // [secret]
 * const headers = { Authorization: `Bearer ${token.reveal()}` };
 * ```
 */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The token itself. */
  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return "[secret]";
  }

  toJSON(): string {
    return "[secret]";
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return "[secret]";
  }
}
