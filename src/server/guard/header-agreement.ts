import type { BodyMessage } from "./body-message.ts";
import type { RequestView } from "./request-view.ts";

/**
 * Tests whether `Mcp-Method` and `Mcp-Name`, if sent, name what the body calls: a proxy or server may decide by either.
 * @see MCP 2026-07-28, Streamable HTTP, Standard MCP Request Headers
 */
export function agreesWithHead(messages: readonly BodyMessage[], view: RequestView): boolean {
  const method = view.header("mcp-method");
  if (method !== null && (messages.length === 0 || messages.some((message) => message.method !== method))) return false;
  const header = view.header("mcp-name");
  if (header === null) return true;
  const name = decodeName(header);
  return messages.every(({ tool }) => tool === null || tool === name);
}

/** Decodes `=?base64?…?=`, which carries names that are not plain ASCII. Returns `null` if it is invalid. */
export function decodeName(value: string): string | null {
  const encoded = /^=\?base64\?(.*)\?=$/.exec(value)?.[1];
  if (encoded === undefined) return value;
  try {
    const bytes = Uint8Array.from(atob(encoded), (char) => char.charCodeAt(0));
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}
