import { INITIALIZED, initializeRequest, LEGACY_VERSION, rpcRequest, type ClientInfo } from "./rpc-message.ts";

/** Asks for a WebSocket with messages of MCP. The key is the example of RFC 6455. */
export const WEBSOCKET_HEADERS: Readonly<Record<string, string>> = {
  upgrade: "websocket",
  connection: "Upgrade",
  "sec-websocket-version": "13",
  "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
  "sec-websocket-protocol": "mcp",
};

/** Returns a handshake and `tools/list` as frames of a WebSocket. @see RFC 6455, section 5.2 */
export function framesFor(client: ClientInfo): Uint8Array {
  const messages = [initializeRequest(client, LEGACY_VERSION), INITIALIZED, rpcRequest("tools/list")];
  return Uint8Array.from(messages.flatMap((message) => frame(JSON.stringify({ jsonrpc: "2.0", ...message }))));
}

/** Builds a text frame. Its mask is zero, which leaves the bytes as they are. */
function frame(text: string): number[] {
  const bytes = [...new TextEncoder().encode(text)];
  const length = bytes.length < 126 ? [0x80 | bytes.length] : [0x80 | 126, bytes.length >> 8, bytes.length & 0xff];
  return [0x81, ...length, 0, 0, 0, 0, ...bytes];
}
