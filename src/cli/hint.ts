import { shellQuote } from "../core/shell-quote.ts";

/** Commands that use a store, in a hint. `test` gives `--store` another meaning. */
const COMMAND =
  /\bmcp-keys (?:generate|import|list|show|update|rotate|revoke|disable|enable|check|export --keyset|uses import|uses forget|uses|servers|audit|scan|doctor)(?![\w-])(?! --help)/g;
/** An argument in single quotes, such as the command of `--publish`. It stays as it is. */
const QUOTED = /((?<!\w)'(?:[^']|'\\'')*')/;

/**
 * Adds `--store` to the commands in a hint if the user chose the store with this flag: without it, the pasted command would use
 * another store. A hint that names a store stays as it is.
 * @param store - the value of the flag
 * @example
 * ```ts
 * addStore("list the keys with: mcp-keys list", "file:/srv/keys.jsonl"); // "… mcp-keys list --store file:/srv/keys.jsonl"
 * ```
 */
export function addStore(hint: string, store: string | undefined): string {
  // A URL is no store and may contain a password.
  if (store === undefined || store.includes("://")) return hint;
  // Every second part is quoted.
  const parts = hint.split(QUOTED);
  if (parts.some((part, i) => i % 2 === 0 && part.includes("--store"))) return hint;
  const add = (command: string): string => `${command} --store ${shellQuote(store)}`;
  return parts.map((part, i) => (i % 2 === 0 ? part.replace(COMMAND, add) : part)).join("");
}
