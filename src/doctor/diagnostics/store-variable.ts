import { KeysError } from "../../errors.ts";
import { parseStoreSpec } from "../../stores/index.ts";
import type { Examination } from "../finding.ts";
import { explainSlip } from "../slip.ts";

export const storeVariable: Examination = {
  about: "MCP_KEYS_STORE",
  exit: 2,
  async examine({ world, config }) {
    const value = world.env["MCP_KEYS_STORE"];
    if (value === undefined) return [];
    if (value.trim() === "")
      return [{ status: "info", saw: "MCP_KEYS_STORE is empty, which is as if it were not set" }];
    const overridden = config.chosenBy === "flag";
    const status = overridden ? "warn" : "fail";
    const slip = explainSlip(value);
    if (slip !== null) {
      return [
        {
          status,
          saw: `MCP_KEYS_STORE ${slip}`,
          mend: "write it bare, such as MCP_KEYS_STORE=file:/srv/mcp-keys/keys.jsonl",
        },
      ];
    }
    try {
      const { scheme, location } = parseStoreSpec(value);
      const isRelative =
        (scheme === "file" || scheme === "archive") && location !== "" && !/^([/~]|[A-Za-z]:)/.test(location);
      if (isRelative) {
        const saw = "MCP_KEYS_STORE names a relative path: another store in each folder that a command is run in";
        return [{ status: "warn", saw, mend: "write the whole path" }];
      }
      return [
        {
          status: overridden ? "info" : "pass",
          saw: `MCP_KEYS_STORE names ${scheme}:${overridden ? ", and --store another one" : ""}`,
        },
      ];
    } catch (fault) {
      if (!(fault instanceof KeysError)) throw fault;
      return [{ status, saw: `MCP_KEYS_STORE: ${fault.message}`, mend: fault.hint }];
    }
  },
};
