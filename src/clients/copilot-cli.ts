import type { ClientFormat } from "./client.ts";
import { inHome } from "./place.ts";

export const copilotCli: ClientFormat = {
  title: "GitHub Copilot CLI",
  source: new URL("https://docs.github.com/en/copilot/how-tos/copilot-cli/customize-copilot/add-mcp-servers"),
  syntax: "json",
  uses: ["serverName", "envName"],
  key: "variable",
  userFile: (place) => inHome(place, ".copilot", "mcp-config.json", "COPILOT_HOME"),
  projectFile: () => ".github/mcp.json",
  entries: ({ url, serverName, envName }) => [
    {
      path: ["mcpServers", serverName],
      value: { type: "http", url, headers: { Authorization: `Bearer \${${envName}}` }, tools: ["*"] },
    },
  ],
};
