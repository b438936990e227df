import { KeysError } from "../../errors.ts";
import { parseStoreSpec } from "../../stores/index.ts";
import { parseTarget } from "../../stores/postgres/spec.ts";
import type { Diagnostic } from "../diagnostic.ts";

export const storeVariable: Diagnostic = {
  about: "MCP_KEYS_STORE",
  exit: 2,
  async run({ world, config }) {
    const value = world.env["MCP_KEYS_STORE"];
    if (value === undefined) return [];
    if (value.trim() === "") return [{ status: "info", observed: "MCP_KEYS_STORE is empty, which counts as not set" }];
    const overridden = config.chosenBy === "flag";
    const status = overridden ? "warn" : "fail";
    const mistake = explainMistake(value);
    if (mistake !== null) {
      const fix = "write the bare spec, for example MCP_KEYS_STORE=file:/srv/mcp-keys/keys.jsonl";
      return [{ status, observed: `MCP_KEYS_STORE ${mistake}`, fix }];
    }
    try {
      const { scheme, location } = parseStoreSpec(value);
      // Finds a password in it, which other users may see.
      if (scheme === "postgres") parseTarget(location, world.env);
      const isRelative =
        (scheme === "file" || scheme === "archive") && location !== "" && !/^([/~]|[A-Za-z]:)/.test(location);
      if (isRelative) {
        const observed = "MCP_KEYS_STORE is a relative path: every working folder gets its own store";
        return [{ status: "warn", observed, fix: "write the absolute path" }];
      }
      const unused = overridden ? ", but --store selects another store" : "";
      return [{ status: overridden ? "info" : "pass", observed: `MCP_KEYS_STORE selects ${scheme}:${unused}` }];
    } catch (fault) {
      if (!(fault instanceof KeysError)) throw fault;
      return [{ status, observed: `MCP_KEYS_STORE: ${fault.message}`, fix: fault.hint }];
    }
  },
};

/**
 * Describes a common mistake in the value of a variable, as a phrase that follows its name; `null` if there is none. These come
 * from `.env` files, from clients that do not expand variables and from Windows line breaks. Never quotes the value.
 */
function explainMistake(value: string): string | null {
  if (/[\r\n]/.test(value)) return "contains a line break";
  if (/^\s|\s$/.test(value)) return "starts or ends with a space";
  if (/^["'`]|["'`]$/.test(value)) return "is in quotes, which the program that set it did not remove";
  if (/\$\{|\$\(|^\$|^%[A-Za-z_]+%|^\{env:/.test(value)) return "looks like an unexpanded variable";
  return null;
}
