import { placeholder, type ClientFormat } from "./client.ts";
import { inHome } from "./place.ts";

/** It documents no variables. */
export const lmStudio: ClientFormat = {
  title: "LM Studio",
  source: new URL("https://lmstudio.ai/docs/app/mcp"),
  syntax: "json",
  uses: ["serverName", "envName"],
  key: "placeholder",
  userFile: (place) => inHome(place, ".lmstudio", "mcp.json"),
  entries: ({ url, serverName, envName }) => [
    {
      path: ["mcpServers", serverName],
      value: { url, headers: { Authorization: `Bearer ${placeholder(envName)}` } },
    },
  ],
};
