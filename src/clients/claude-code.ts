import type { ClientFormat } from "./client.ts";
import { inHome } from "./place.ts";

/** `${VAR}` is expanded in headers; `$VAR` is not. */
export const claudeCode: ClientFormat = {
  title: "Claude Code",
  source: new URL("https://code.claude.com/docs/en/mcp"),
  syntax: "json",
  uses: ["serverName", "envName"],
  key: "variable",
  userFile: (place) => inHome(place, "", ".claude.json", "CLAUDE_CONFIG_DIR"),
  projectFile: () => ".mcp.json",
  entries: ({ url, serverName, envName }) => [
    {
      path: ["mcpServers", serverName],
      value: { type: "http", url, headers: { Authorization: `Bearer \${${envName}}` } },
    },
  ],
};
