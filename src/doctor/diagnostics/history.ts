import { count } from "../../core/count.ts";
import type { Diagnostic } from "../finding.ts";
import { orNull } from "../context.ts";

export const history: Diagnostic = {
  about: "the history of the store",
  exit: 6,
  async run(context) {
    // What keeps the store from being opened is said where the store is examined.
    if ((await orNull(context.storedKeys)) === null) return [];
    const { changes, last } = await context.history();
    if (last === null) return [];
    if (last.op === "migrate" && last.keys.length === 0) {
      return [
        {
          status: "fail",
          observed: `the store has ended: its keys were moved ${last.detail ?? "to another store"}, and nothing can be written here`,
          fix: "choose the store that has them, with --store or MCP_KEYS_STORE",
        },
      ];
    }
    return [{ status: "pass", observed: `${count(changes, "change")}, each following from the one before` }];
  },
};
