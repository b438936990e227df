import type { Era } from "../mcp/conversation.ts";
import type { Variation } from "../mcp/variation.ts";
import { header, headerVariations, without } from "./headers.ts";

/** An id that no server opened. */
const SESSION = "00000000-0000-4000-8000-000000000000";

const VERSION = "MCP-Protocol-Version";
const REVISIONS = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"];

/** What a client says about the session it continues. */
const RESUMED = headerVariations({
  "Mcp-Session-Id": [SESSION, "mcp-keys", "1"],
  "Last-Event-ID": ["0", `${SESSION}_0`, "1"],
});
/** Another method and name than the body has. */
const NAMED = headerVariations({
  "Mcp-Method": ["ping", "server/discover", "notifications/initialized"],
  "Mcp-Name": ["health", "add"],
});

const UNKNOWN_VERSION = header(VERSION, "0");

/** Returns what a request can say about its protocol version, method and session in the eras that the server speaks. */
export function versionClaims([newest, ...older]: readonly Era[]): Variation[] {
  const revisions = REVISIONS.map((revision) => header(VERSION, revision));
  if (newest !== "modern") return [...NAMED, ...RESUMED, ...revisions, header(VERSION, "2026-07-28"), UNKNOWN_VERSION];
  const own = [header(VERSION, "2025-06-18"), UNKNOWN_VERSION, without(VERSION), without("Mcp-Method")];
  return [
    ...NAMED,
    ...RESUMED,
    ...own,
    ...(older.includes("legacy") ? revisions.filter((_, i) => i % 2 === 0).map(inLegacyEra) : []),
  ];
}

function inLegacyEra(variation: Variation): Variation {
  return { ...variation, era: "legacy", name: `${variation.name} in a message of the older era` };
}
