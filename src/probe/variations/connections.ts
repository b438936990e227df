import type { Variation } from "../mcp/variation.ts";
import { WEBSOCKET_HEADERS } from "../mcp/websocket.ts";

/** Other ways to connect, and other protocols to ask for. */
export const OTHER_CONNECTIONS: readonly Variation[] = [
  { name: "Upgrade: websocket", headers: WEBSOCKET_HEADERS, alone: true },
  { name: "Upgrade: websocket and the method GET", headers: WEBSOCKET_HEADERS, method: "GET", alone: true },
  {
    name: "Upgrade: h2c",
    headers: { upgrade: "h2c", connection: "Upgrade, HTTP2-Settings", "http2-settings": "AAMAAABkAAQCAAAAAAIAAAAA" },
  },
  { name: "Expect: 100-continue", headers: { expect: "100-continue" } },
  { name: "HTTP/1.0", version: "1.0", alone: true },
  { name: "HTTP/1.0 and no Host", version: "1.0", headers: { host: null }, alone: true },
];

/** A connection on which the valid key came first. */
export const REUSED_CONNECTIONS: readonly Variation[] = [
  { name: "your key before it on the same connection", reuse: "waiting", alone: true },
  { name: "your key just before it on the same connection, pipelined", reuse: "pipelined", alone: true },
];
