import type { ClientFormat } from "./client.ts";
import { inHome } from "./place.ts";

export const cursor: ClientFormat = {
  title: "Cursor",
  source: new URL("https://cursor.com/docs/mcp"),
  syntax: "json",
  uses: ["serverName", "envName"],
  key: "variable",
  userFile: (place) => inHome(place, ".cursor", "mcp.json"),
  projectFile: () => ".cursor/mcp.json",
  entries: ({ url, serverName, envName }) => [
    { path: ["mcpServers", serverName], value: { url, headers: { Authorization: `Bearer \${env:${envName}}` } } },
  ],
};
