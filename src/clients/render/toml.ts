import type { ConfigValue } from "../client.ts";

const BARE = /^[\w-]+$/;

/** Writes an object as a TOML table with a header, without a final line break. A JSON string is also a string in TOML. */
export function renderToml(path: readonly string[], table: ConfigValue): string {
  const lines = Object.entries(table).map(([name, value]) => `${key(name)} = ${JSON.stringify(value)}`);
  return [`[${path.map(key).join(".")}]`, ...lines].join("\n");
}

function key(name: string): string {
  return BARE.test(name) ? name : JSON.stringify(name);
}
