import { count } from "../../core/count.ts";
import type { Examination } from "../finding.ts";
import type { Patient } from "../subject.ts";

const CHOSEN_BY = { flag: "by --store", variable: "by MCP_KEYS_STORE", default: "by default" } as const;

export const store: Examination = {
  about: "the store",
  exit: 6,
  async examine(patient) {
    const { store: opened, keys } = await patient.holdings();
    const site = await patient.site();
    const which = `${opened.spec}, chosen ${CHOSEN_BY[patient.config.chosenBy]}`;
    if (site !== null && site.journal === null) {
      const saw = `no store yet: the first key will make ${which}`;
      if (!site.writable)
        return [{ status: "warn", saw: `${saw}; but nothing can be written there`, mend: elsewhere(patient) }];
      return [{ status: "info", saw, mend: "mcp-keys generate" }];
    }
    if (opened.spec === "memory:") {
      return [{ status: "warn", saw: `${which}: nothing is kept`, mend: elsewhere(patient) }];
    }
    const holds = `${count(keys.length, "key")} in ${which}`;
    if (opened.readOnly && keys.length === 0) {
      const mend = "set MCP_API_KEY_HASHES to what this prints where the keys are: mcp-keys export --hashes";
      return [{ status: "warn", saw: `${holds}: every request is refused`, mend }];
    }
    if (site?.writable === false) {
      return [
        { status: "warn", saw: `${holds}, which cannot be written`, mend: `see who may: ls -l ${opened.path ?? ""}` },
      ];
    }
    return [{ status: "pass", saw: holds }];
  },
};

function elsewhere({ config }: Patient): string {
  const how = config.chosenBy === "flag" ? "--store" : "MCP_KEYS_STORE";
  return `choose a file of your own with ${how}, such as file:/srv/mcp-keys/keys.jsonl`;
}
