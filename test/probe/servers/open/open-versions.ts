import type { BrokenServer } from "../broken.ts";
import { skipping } from "./skipping.ts";

const CHECK = "requires-key-for-every-version";

const LEGACY = skipping(
  CHECK,
  [
    [
      "requires a key since the revision that defined authorization",
      /2024-11-05/,
      (headers) => String(headers["mcp-protocol-version"]) < "2025-03-26",
    ],
    [
      "requires a key in the revisions it knows",
      /MCP-Protocol-Version: 0/,
      (headers) => headers["mcp-protocol-version"] === "0",
    ],
    ["takes a session id for a session", /Mcp-Session-Id/, (headers) => headers["mcp-session-id"] !== undefined],
    [
      "takes a session id of the right form for a session",
      /Mcp-Session-Id: 0{8}/,
      (headers) => /^[\da-f-]{36}$/.test(headers["mcp-session-id"] ?? ""),
    ],
    ["lets streams resume without a key", /Last-Event-ID/, (headers) => headers["last-event-id"] !== undefined],
  ],
  { eras: "legacy" },
);

const MODERN = skipping(
  CHECK,
  [
    ["believes Mcp-Method: ping", /Mcp-Method: ping/, (headers) => headers["mcp-method"] === "ping"],
    [
      "takes a message without Mcp-Method for a notification",
      /no Mcp-Method/,
      (headers) => headers["mcp-method"] === undefined,
    ],
    [
      "lets notifications through, and believes Mcp-Method",
      /notifications\/initialized/,
      (headers) => headers["mcp-method"]?.startsWith("notifications/") === true,
    ],
    ["has a public tool and believes Mcp-Name", /Mcp-Name: health/, (headers) => headers["mcp-name"] === "health"],
  ],
  { eras: "modern" },
);

/** Servers that believe what the headers of MCP say. */
export const OPEN_VERSIONS: readonly BrokenServer[] = [...LEGACY, ...MODERN];
