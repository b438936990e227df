import { shellQuote } from "../../core/shell-quote.ts";
import type { Examination, Saw } from "../finding.ts";
import { orNull } from "../subject.ts";

/** Seconds after which nobody is at work on a file any more. */
const DRAFT_AGE = 3_600;
const NEXT_AGE = 86_400;

export const leftovers: Examination = {
  about: "files that a crash has left beside the store",
  exit: 6,
  async examine(patient) {
    // Whoever reads a store completes what a crash has interrupted: what is there after that is left over.
    await orNull(patient.history);
    const site = await orNull(patient.site);
    if (site === null) return [];
    const found = site.beside.filter(({ kind }) => kind === "draft" || kind === "next");
    if (found.length === 0) return site.journal === null ? [] : [{ status: "pass", saw: "nothing is left over" }];
    return found.map(({ path, kind, modified }): Saw => {
      const what = kind === "draft" ? "was not written to its end" : "was to take the place of the store and did not";
      if (patient.now - modified < (kind === "draft" ? DRAFT_AGE : NEXT_AGE)) {
        return { status: "info", saw: `${path} is being written, or ${what}` };
      }
      return { status: "warn", saw: `${path} ${what}`, mend: `rm ${shellQuote(path)}` };
    });
  },
};
