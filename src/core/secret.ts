/**
 * Wraps a token so it is not printed by accident. Printing, interpolating, inspecting and serialising it give `[secret]`. Only
 * {@link Secret.reveal} returns the text, so a search for `reveal(` finds every use.
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

  /** Returns the token. */
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
