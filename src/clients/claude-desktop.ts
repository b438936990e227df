import { bridgeEntry } from "./bridge.ts";
import type { ClientFormat } from "./client.ts";
import { inAppFolder } from "./place.ts";

/** Its file knows stdio servers only, and it fills in no variables. */
export const claudeDesktop: ClientFormat = {
  title: "Claude Desktop",
  source: new URL("https://modelcontextprotocol.io/docs/develop/connect-local-servers"),
  syntax: "json",
  uses: ["serverName", "envName"],
  key: "placeholder",
  userFile: (place) => inAppFolder(place, "Claude/claude_desktop_config.json"),
  entries: (server) => [{ path: ["mcpServers", server.serverName], value: bridgeEntry(server) }],
};
