import type { ClientFormat } from "./client.ts";
import { inDotConfig, inHome } from "./place.ts";

/** Only variables in `env_keys` are filled in. */
export const goose: ClientFormat = {
  title: "Goose",
  source: new URL("https://goose-docs.ai/docs/guides/config-files/"),
  syntax: "yaml",
  uses: ["serverName", "envName"],
  key: "variable",
  keyStep: (envName) => `set ${envName} in the environment that starts Goose, or as a secret with: goose configure`,
  userFile: (place) =>
    place.platform === "win32"
      ? inHome(place, "AppData/Roaming", "Block/goose/config/config.yaml", "APPDATA")
      : inDotConfig(place, "goose/config.yaml"),
  entries: ({ url, serverName, envName }) => [
    {
      path: ["extensions", serverName],
      value: {
        ...{ enabled: true, type: "streamable_http", name: serverName, description: "", uri: url },
        ...{ headers: { Authorization: `Bearer \${${envName}}` }, env_keys: [envName], timeout: 300 },
      },
    },
  ],
};
