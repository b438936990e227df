import type { ClientFormat } from "./client.ts";
import { inHome } from "./place.ts";

/** `url` would mean HTTP+SSE. */
export const gemini: ClientFormat = {
  title: "Gemini CLI",
  source: new URL("https://geminicli.com/docs/tools/mcp-server/"),
  syntax: "json",
  uses: ["serverName", "envName"],
  key: "variable",
  userFile: (place) => inHome(place, ".gemini", "settings.json"),
  projectFile: () => ".gemini/settings.json",
  entries: ({ url, serverName, envName }) => [
    {
      path: ["mcpServers", serverName],
      value: { httpUrl: url, headers: { Authorization: `Bearer \${${envName}}` } },
    },
  ],
};
