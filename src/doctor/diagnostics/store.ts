import { count } from "../../core/count.ts";
import type { Diagnostic } from "../finding.ts";
import type { DiagnosticContext } from "../context.ts";

const CHOSEN_BY = { flag: "by --store", variable: "by MCP_KEYS_STORE", default: "by default" } as const;

export const store: Diagnostic = {
  about: "the store",
  exit: 6,
  async run(context) {
    const { store: opened, keys } = await context.storedKeys();
    const files = await context.files();
    const which = `${opened.spec}, chosen ${CHOSEN_BY[context.config.chosenBy]}`;
    if (files !== null && files.journal === null) {
      const observed = `no store yet: the first key will make ${which}`;
      if (!files.writable)
        return [{ status: "warn", observed: `${observed}; but nothing can be written there`, fix: elsewhere(context) }];
      return [{ status: "info", observed, fix: "mcp-keys generate" }];
    }
    if (opened.spec === "memory:") {
      return [{ status: "warn", observed: `${which}: nothing is kept`, fix: elsewhere(context) }];
    }
    const holds = `${count(keys.length, "key")} in ${which}`;
    if (opened.readOnly && keys.length === 0) {
      const fix = "set MCP_API_KEY_HASHES to what this prints where the keys are: mcp-keys export --hashes";
      return [{ status: "warn", observed: `${holds}: every request is refused`, fix }];
    }
    if (files?.writable === false) {
      return [
        {
          status: "warn",
          observed: `${holds}, which cannot be written`,
          fix: `see who may: ls -l ${opened.path ?? ""}`,
        },
      ];
    }
    return [{ status: "pass", observed: holds }];
  },
};

function elsewhere({ config }: DiagnosticContext): string {
  const how = config.chosenBy === "flag" ? "--store" : "MCP_KEYS_STORE";
  return `choose a file of your own with ${how}, such as file:/srv/mcp-keys/keys.jsonl`;
}
