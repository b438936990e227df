import type { ClientFormat, ConfigValue, RemoteServer } from "./client.ts";
import { putEntry } from "./config-tree.ts";
import { renderJson } from "./render/json.ts";
import { renderToml } from "./render/toml.ts";
import { renderYaml } from "./render/yaml.ts";

/** Writes a configuration that contains nothing but this server, ending with one line break. It contains no token. */
export function renderConfig(client: ClientFormat, server: RemoteServer): string {
  const entries = client.entries(server);
  if (client.syntax === "toml") return entries.map(({ path, value }) => `${renderToml(path, value)}\n`).join("\n");
  const empty: unknown = {};
  const document = entries.reduce((tree, entry) => putEntry(tree, entry), empty) as ConfigValue;
  return `${client.syntax === "json" ? renderJson(document) : renderYaml(document)}\n`;
}
