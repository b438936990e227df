import { count } from "../../core/count.ts";
import { shellQuote } from "../../core/shell-quote.ts";
import type { DiagnosticContext } from "../context.ts";
import type { Diagnostic } from "../diagnostic.ts";

const CHOSEN_BY = { flag: "chosen by --store", variable: "chosen by MCP_KEYS_STORE", default: "the default" } as const;

export const store: Diagnostic = {
  about: "the store",
  exit: 6,
  async run(context) {
    const { store: opened, keys } = await context.storedKeys();
    const files = await context.files();
    const which = `${opened.spec} (${CHOSEN_BY[context.config.chosenBy]})`;
    if (files !== null && files.journal === null) {
      const observed = `no store yet: the first key creates ${which}`;
      if (!files.writable)
        return [{ status: "warn", observed: `${observed}, but nothing can be written there`, fix: elsewhere(context) }];
      return [{ status: "info", observed, fix: "mcp-keys generate" }];
    }
    if (opened.spec === "memory:") {
      return [{ status: "warn", observed: `${which} keeps nothing after the process ends`, fix: elsewhere(context) }];
    }
    const holds = `${count(keys.length, "key")} in ${which}`;
    if (opened.readOnly && keys.length === 0) {
      const fix = "set MCP_API_KEYSET to the output of this command, run where the keys are: mcp-keys export --keyset";
      return [{ status: "warn", observed: `${holds}: every request is refused`, fix }];
    }
    if (files?.isDiskReadOnly === true) {
      const fix = "mount the disk for writing, or run commands that change keys where it is writable";
      return [{ status: "warn", observed: `${holds}, on a read-only disk`, fix }];
    }
    if (files?.writable === false) {
      const fix = `see who can write to it: ls -l ${shellQuote(opened.path ?? "")}`;
      return [{ status: "warn", observed: `${holds}, which cannot be written`, fix }];
    }
    return [{ status: "pass", observed: holds }];
  },
};

function elsewhere({ config }: DiagnosticContext): string {
  const how = config.chosenBy === "flag" ? "--store" : "MCP_KEYS_STORE";
  return `select your own file with ${how}, for example file:/srv/mcp-keys/keys.jsonl`;
}
