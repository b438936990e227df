import type { ClientFormat } from "./client.ts";
import { inAppFolder } from "./place.ts";

const FILE = "Code/User/globalStorage/rooveterinaryinc.roo-cline/settings/mcp_settings.json";

/** The type has another spelling than in Cline; `http` is refused. */
export const roo: ClientFormat = {
  title: "Roo Code",
  source: new URL("https://docs.roocode.com/features/mcp/using-mcp-in-roo"),
  syntax: "json",
  uses: ["serverName", "envName"],
  key: "variable",
  userFile: (place) => inAppFolder(place, FILE),
  projectFile: () => ".roo/mcp.json",
  entries: ({ url, serverName, envName }) => [
    {
      path: ["mcpServers", serverName],
      value: { type: "streamable-http", url, headers: { Authorization: `Bearer \${env:${envName}}` } },
    },
  ],
};
