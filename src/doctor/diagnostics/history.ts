import { count } from "../../core/count.ts";
import type { Examination } from "../finding.ts";
import { orNull } from "../subject.ts";

export const history: Examination = {
  about: "the history of the store",
  exit: 6,
  async examine(patient) {
    // What keeps the store from being opened is said where the store is examined.
    if ((await orNull(patient.holdings)) === null) return [];
    const { changes, last } = await patient.history();
    if (last === null) return [];
    if (last.op === "migrate" && last.keys.length === 0) {
      return [
        {
          status: "fail",
          saw: `the store has ended: its keys were moved ${last.detail ?? "to another store"}, and nothing can be written here`,
          mend: "choose the store that has them, with --store or MCP_KEYS_STORE",
        },
      ];
    }
    return [{ status: "pass", saw: `${count(changes, "change")}, each following from the one before` }];
  },
};
