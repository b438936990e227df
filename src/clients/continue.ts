import type { ClientFormat } from "./client.ts";
import { inHome } from "./place.ts";

/** `apiKey` is sent as a bearer token. A file needs a name, a version and a schema. */
export const continueDev: ClientFormat = {
  title: "Continue",
  source: new URL("https://docs.continue.dev/customize/deep-dives/mcp"),
  syntax: "yaml",
  uses: ["serverName", "envName"],
  key: "variable",
  keyStep: (envName) =>
    `set ${envName} in .env, .continue/.env or ~/.continue/.env; the editor reads no other variables`,
  userFile: (place) => inHome(place, ".continue", "config.yaml"),
  projectFile: ({ serverName }) => `.continue/mcpServers/${serverName}.yaml`,
  entries: ({ url, serverName, envName }) => [
    { path: ["name"], value: serverName, shared: true },
    { path: ["version"], value: "0.0.1", shared: true },
    { path: ["schema"], value: "v1", shared: true },
    {
      path: ["mcpServers"],
      by: "name",
      value: { name: serverName, type: "streamable-http", url, apiKey: `\${{ secrets.${envName} }}` },
    },
  ],
};
