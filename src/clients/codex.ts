import type { ClientFormat } from "./client.ts";
import { inHome } from "./place.ts";

/** It takes the name of the variable and refuses a token in the file. */
export const codex: ClientFormat = {
  title: "Codex",
  source: new URL("https://developers.openai.com/codex/mcp"),
  syntax: "toml",
  uses: ["serverName", "envName"],
  key: "variable",
  userFile: (place) => inHome(place, ".codex", "config.toml", "CODEX_HOME"),
  projectFile: () => ".codex/config.toml",
  entries: ({ url, serverName, envName }) => [
    { path: ["mcp_servers", serverName], value: { url, bearer_token_env_var: envName } },
  ],
};
