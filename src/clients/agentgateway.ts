import type { ClientFormat } from "./client.ts";

/** The gateway expands variables when it reads the file, and then sends the key to this target only. */
export const agentgateway: ClientFormat = {
  title: "agentgateway",
  source: new URL("https://agentgateway.dev/docs/standalone/latest/mcp/"),
  syntax: "yaml",
  uses: ["serverName", "envName"],
  key: "variable",
  entries: ({ url, serverName, envName }) => [
    { path: ["mcp", "port"], value: 3000, shared: true },
    {
      path: ["mcp", "targets"],
      by: "name",
      value: { name: serverName, mcp: { host: url }, policies: { backendAuth: { key: `\${${envName}}` } } },
    },
  ],
};
