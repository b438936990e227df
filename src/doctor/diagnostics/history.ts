import { count } from "../../core/count.ts";
import { orNull } from "../context.ts";
import type { Diagnostic } from "../diagnostic.ts";

export const history: Diagnostic = {
  about: "the history of the store",
  exit: 6,
  async run(context) {
    // The `store` diagnostic reports why a store cannot be opened.
    if ((await orNull(context.storedKeys)) === null) return [];
    const { changes, last } = await context.history();
    if (last === null) return [];
    if (last.op === "migrate" && last.keys.length === 0) {
      const where = last.detail ?? "to another store";
      return [
        {
          status: "fail",
          observed: `the store was closed by a migration: its keys moved ${where}, and nothing can be written here`,
          fix: "select the store that has the keys, with --store or MCP_KEYS_STORE",
        },
      ];
    }
    return [{ status: "pass", observed: `${count(changes, "change")}, each linked to the one before` }];
  },
};
