import type { ClientFormat } from "./client.ts";
import { inAppFolder } from "./place.ts";

const FILE = "Code/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json";

/** Without the type it would speak HTTP+SSE. */
export const cline: ClientFormat = {
  title: "Cline",
  source: new URL("https://docs.cline.bot/mcp/mcp-overview"),
  syntax: "json",
  uses: ["serverName", "envName"],
  key: "variable",
  userFile: (place) => inAppFolder(place, FILE),
  entries: ({ url, serverName, envName }) => [
    {
      path: ["mcpServers", serverName],
      value: { type: "streamableHttp", url, headers: { Authorization: `Bearer \${env:${envName}}` } },
    },
  ],
};
