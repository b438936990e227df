import { KeysError } from "../../errors.ts";
import { parseStoreSpec } from "../../stores/index.ts";
import type { Diagnostic } from "../finding.ts";
import { explainMisconfiguration } from "../slip.ts";

export const storeVariable: Diagnostic = {
  about: "MCP_KEYS_STORE",
  exit: 2,
  async run({ world, config }) {
    const value = world.env["MCP_KEYS_STORE"];
    if (value === undefined) return [];
    if (value.trim() === "")
      return [{ status: "info", observed: "MCP_KEYS_STORE is empty, which is as if it were not set" }];
    const overridden = config.chosenBy === "flag";
    const status = overridden ? "warn" : "fail";
    const misconfiguration = explainMisconfiguration(value);
    if (misconfiguration !== null) {
      return [
        {
          status,
          observed: `MCP_KEYS_STORE ${misconfiguration}`,
          fix: "write it bare, such as MCP_KEYS_STORE=file:/srv/mcp-keys/keys.jsonl",
        },
      ];
    }
    try {
      const { scheme, location } = parseStoreSpec(value);
      const isRelative =
        (scheme === "file" || scheme === "archive") && location !== "" && !/^([/~]|[A-Za-z]:)/.test(location);
      if (isRelative) {
        const observed = "MCP_KEYS_STORE names a relative path: another store in each folder that a command is run in";
        return [{ status: "warn", observed, fix: "write the whole path" }];
      }
      return [
        {
          status: overridden ? "info" : "pass",
          observed: `MCP_KEYS_STORE names ${scheme}:${overridden ? ", and --store another one" : ""}`,
        },
      ];
    } catch (fault) {
      if (!(fault instanceof KeysError)) throw fault;
      return [{ status, observed: `MCP_KEYS_STORE: ${fault.message}`, fix: fault.hint }];
    }
  },
};
