import { shellQuote } from "../../core/shell-quote.ts";
import type { Diagnostic, Observation } from "../finding.ts";
import { orNull } from "../context.ts";

/** Seconds after which nobody is at work on a file any more. */
const DRAFT_AGE = 3_600;
const NEXT_AGE = 86_400;

export const leftovers: Diagnostic = {
  about: "files that a crash has left beside the store",
  exit: 6,
  async run(context) {
    // Whoever reads a store completes what a crash has interrupted: what is there after that is left over.
    await orNull(context.history);
    const files = await orNull(context.files);
    if (files === null) return [];
    const found = files.sidecars.filter(({ kind }) => kind === "draft" || kind === "next");
    if (found.length === 0) return files.journal === null ? [] : [{ status: "pass", observed: "nothing is left over" }];
    return found.map(({ path, kind, modified }): Observation => {
      const what = kind === "draft" ? "was not written to its end" : "was to take the place of the store and did not";
      if (context.now - modified < (kind === "draft" ? DRAFT_AGE : NEXT_AGE)) {
        return { status: "info", observed: `${path} is being written, or ${what}` };
      }
      return { status: "warn", observed: `${path} ${what}`, fix: `rm ${shellQuote(path)}` };
    });
  },
};
