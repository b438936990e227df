import type { Format } from "./format.ts";
import { revealFor } from "./reveal.ts";

/**
 * An assignment for Nushell. Single quotes have no escapes; a raw string can contain single quotes.
 * @see https://www.nushell.sh/book/working_with_strings.html
 */
export const nushell: Format = {
  summary: "Nushell: mcp-keys … --format nushell --out key.nu, then: source key.nu",
  render: ({ token, envName }) => `$env.${envName} = ${quote(revealFor("Nushell", token))}\n`,
};

function quote(text: string): string {
  if (!text.includes("'")) return `'${text}'`;
  let hashes = "#";
  while (text.includes(`'${hashes}`)) hashes += "#";
  return `r${hashes}'${text}'${hashes}`;
}
