import type { ClientFormat } from "./client.ts";
import { inHome } from "./place.ts";

/** Without `oauth: false` it would start OAuth after a 401. */
export const opencode: ClientFormat = {
  title: "opencode",
  source: new URL("https://opencode.ai/docs/mcp-servers/"),
  syntax: "json",
  uses: ["serverName", "envName"],
  key: "variable",
  userFile: (place) => inHome(place, ".config", "opencode/opencode.json", "XDG_CONFIG_HOME"),
  projectFile: () => "opencode.json",
  entries: ({ url, serverName, envName }) => [
    {
      path: ["mcp", serverName],
      value: {
        ...{ type: "remote", url, enabled: true, oauth: false },
        headers: { Authorization: `Bearer {env:${envName}}` },
      },
    },
  ],
};
