import type { ConfigValue } from "../client.ts";

/** Read as text by YAML 1.1 and 1.2 without quotes. */
const PLAIN = /^[A-Za-z_][\w-]*$/;
const RESERVED = /^(?:true|false|null|yes|no|on|off|y|n)$/i;

/** Writes an object or a list as a YAML block, each line after `indent`, without a final line break. */
export function renderYaml(value: ConfigValue, indent = ""): string {
  return linesOf(value)
    .map((line) => indent + line)
    .join("\n");
}

function linesOf(value: ConfigValue): string[] {
  if (isList(value)) {
    return value.flatMap((item) => linesOf(item).map((line, i) => (i === 0 ? `- ${line}` : `  ${line}`)));
  }
  if (typeof value !== "object") return [scalar(value)];
  return Object.entries(value).flatMap(([name, member = ""]) => {
    if (isOneLine(member)) return [`${scalar(name)}: ${scalar(member)}`];
    return [`${scalar(name)}:`, ...linesOf(member).map((line) => `  ${line}`)];
  });
}

/** An empty object or list too. `null` is no value of ours, but may be one of the user's own. */
function isOneLine(value: ConfigValue | null): boolean {
  return typeof value !== "object" || value === null || Object.keys(value).length === 0;
}

/** A JSON string is also a string in YAML. */
function scalar(value: ConfigValue): string {
  return typeof value === "string" && PLAIN.test(value) && !RESERVED.test(value) ? value : JSON.stringify(value);
}

/** `Array.isArray` does not narrow a read-only list. */
function isList(value: ConfigValue): value is readonly ConfigValue[] {
  return Array.isArray(value);
}
