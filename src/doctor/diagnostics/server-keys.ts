import { count } from "../../core/count.ts";
import { KeysError } from "../../errors.ts";
import { openStore, parseStoreSpec } from "../../stores/index.ts";
import type { Diagnostic, Observation } from "../diagnostic.ts";

const VARIABLES = ["MCP_API_KEYS", "MCP_API_KEYSET"] as const;

/** Examines the variables that give keys to a server without a store. */
export const serverKeys: Diagnostic = {
  about: "the keys in MCP_API_KEYS and MCP_API_KEYSET",
  exit: 2,
  async run({ world, config }) {
    const isRead = readsEnvironment(config.store);
    const found: Observation[] = [];
    for (const name of VARIABLES) {
      const value = world.env[name];
      if (value === undefined || value.trim() === "") continue;
      // One variable at a time: a mistake in one must not hide the other.
      const env = { [name]: value, MCP_KEYS_KEYSET_PUBLIC_KEY: world.env["MCP_KEYS_KEYSET_PUBLIC_KEY"] };
      try {
        const keys = await (await openStore("env:", { ...world, env })).list();
        const observed = `${name} has ${count(keys.length, "key")}`;
        if (isRead) found.push({ status: "pass", observed });
        else
          found.push({
            status: "info",
            observed: `${observed}, but is not used: another store is selected`,
            fix: "--store env:",
          });
      } catch (fault) {
        if (!(fault instanceof KeysError)) throw fault;
        const observed = fault.message.includes(name) ? fault.message : `${name}: ${fault.message}`;
        found.push({ status: isRead ? "fail" : "warn", observed, fix: fault.hint });
      }
    }
    return found;
  },
};

function readsEnvironment(spec: string): boolean {
  try {
    return parseStoreSpec(spec).scheme === "env";
  } catch {
    return false;
  }
}
