import { inheritingBridgeEntry } from "./bridge.ts";
import type { ClientFormat } from "./client.ts";
import { inDotConfig, inHome } from "./place.ts";

/** It sends variables in headers as they are written, but starts stdio servers with its own environment. */
export const zed: ClientFormat = {
  title: "Zed",
  source: new URL("https://zed.dev/docs/ai/mcp"),
  syntax: "json",
  uses: ["serverName", "envName"],
  key: "variable",
  userFile: (place) =>
    place.platform === "win32"
      ? inHome(place, "AppData/Roaming", "Zed/settings.json", "APPDATA")
      : inDotConfig(place, "zed/settings.json"),
  entries: (server) => [{ path: ["context_servers", server.serverName], value: inheritingBridgeEntry(server) }],
};
