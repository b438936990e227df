import { placeholder, type ClientFormat } from "./client.ts";
import { inHome } from "./place.ts";

/** Its list of servers. It fills in no variables. */
export const inspector: ClientFormat = {
  title: "MCP Inspector",
  source: new URL("https://github.com/modelcontextprotocol/inspector/blob/main/docs/mcp-server-configuration.md"),
  syntax: "json",
  uses: ["serverName", "envName"],
  key: "placeholder",
  userFile: (place) => inHome(place, ".mcp-inspector", "mcp.json"),
  entries: ({ url, serverName, envName }) => [
    {
      path: ["mcpServers", serverName],
      value: { type: "http", url, headers: { Authorization: `Bearer ${placeholder(envName)}` } },
    },
  ],
};
