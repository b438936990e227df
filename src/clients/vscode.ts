import type { ClientFormat } from "./client.ts";
import { inAppFolder } from "./place.ts";

/** An input is asked for once and then stored encrypted. `${env:…}` is not reliable in headers. */
export const vscode: ClientFormat = {
  title: "VS Code",
  source: new URL("https://code.visualstudio.com/docs/copilot/reference/mcp-configuration"),
  syntax: "json",
  uses: ["serverName", "envName"],
  key: "prompt",
  userFile: (place) => inAppFolder(place, "Code/User/mcp.json"),
  projectFile: () => ".vscode/mcp.json",
  entries: ({ url, serverName, envName }) => {
    const id = envName.toLowerCase().replaceAll("_", "-");
    const input = { type: "promptString", id, description: `Key for ${serverName}`, password: true };
    return [
      { path: ["inputs"], by: "id", value: input, shared: true },
      {
        path: ["servers", serverName],
        value: { type: "http", url, headers: { Authorization: `Bearer \${input:${id}}` } },
      },
    ];
  },
};
