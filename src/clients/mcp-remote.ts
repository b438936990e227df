import { bridgeEntry } from "./bridge.ts";
import type { ClientFormat } from "./client.ts";

/** For any client that starts stdio servers. The user names the file, because each client has another one. */
export const mcpRemote: ClientFormat = {
  title: "mcp-remote",
  source: new URL("https://github.com/geelen/mcp-remote#custom-headers"),
  syntax: "json",
  uses: ["serverName", "envName"],
  key: "placeholder",
  entries: (server) => [{ path: ["mcpServers", server.serverName], value: bridgeEntry(server) }],
};
