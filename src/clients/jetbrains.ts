import { placeholder, type ClientFormat } from "./client.ts";
import { inDotConfig, inHome } from "./place.ts";

/** The Copilot plugin. It documents no variables. */
export const jetbrains: ClientFormat = {
  title: "GitHub Copilot in JetBrains IDEs",
  source: new URL("https://docs.github.com/en/copilot/how-tos/provide-context/use-mcp/extend-copilot-chat-with-mcp"),
  syntax: "json",
  uses: ["serverName", "envName"],
  key: "placeholder",
  userFile: (place) =>
    place.platform === "win32"
      ? inHome(place, "AppData/Local", "github-copilot/intellij/mcp.json", "LOCALAPPDATA")
      : inDotConfig(place, "github-copilot/intellij/mcp.json"),
  entries: ({ url, serverName, envName }) => [
    {
      path: ["servers", serverName],
      value: { url, requestInit: { headers: { Authorization: `Bearer ${placeholder(envName)}` } } },
    },
  ],
};
