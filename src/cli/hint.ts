import { shellQuote } from "../core/shell-quote.ts";

/** Commands that use a store, in a hint. `test` gives `--store` another meaning. */
const COMMAND =
  /\bmcp-keys (?:generate|import|list|show|update|rotate|revoke|disable|enable|check|export --keyset|uses import|uses forget|uses|audit|doctor)(?![\w-])(?! --help)/g;

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
  if (store === undefined || store.includes("://") || hint.includes("--store")) return hint;
  return hint.replace(COMMAND, (command) => `${command} --store ${shellQuote(store)}`);
}
