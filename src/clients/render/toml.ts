import type { ConfigValue } from "../client.ts";
import { isTree } from "../config-tree.ts";

const BARE = /^[\w-]+$/;

/** Writes an object as a TOML table with a header, without a final line break. A JSON string is also a string in TOML. */
export function renderToml(path: readonly string[], table: ConfigValue): string {
  const lines = Object.entries(table).map(([name, value]) => `${key(name)} = ${inline(value)}`);
  return [`[${path.map(key).join(".")}]`, ...lines].join("\n");
}

function inline(value: unknown): string {
  if (!isTree(value)) return JSON.stringify(value);
  return `{ ${Object.entries(value)
    .map(([name, member]) => `${key(name)} = ${inline(member)}`)
    .join(", ")} }`;
}

function key(name: string): string {
  return BARE.test(name) ? name : JSON.stringify(name);
}
