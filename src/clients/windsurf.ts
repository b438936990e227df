import type { ClientFormat } from "./client.ts";
import { inHome } from "./place.ts";

/** The URL is `serverUrl`. */
export const windsurf: ClientFormat = {
  title: "Windsurf",
  source: new URL("https://docs.windsurf.com/windsurf/cascade/mcp"),
  syntax: "json",
  uses: ["serverName", "envName"],
  key: "variable",
  userFile: (place) => inHome(place, ".codeium/windsurf", "mcp_config.json"),
  entries: ({ url, serverName, envName }) => [
    {
      path: ["mcpServers", serverName],
      value: { serverUrl: url, headers: { Authorization: `Bearer \${env:${envName}}` } },
    },
  ],
};
