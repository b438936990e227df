import { shellQuote } from "../../core/shell-quote.ts";
import { orNull } from "../context.ts";
import type { Diagnostic, Observation } from "../diagnostic.ts";

/** Seconds after which a file is no longer being written. */
const DRAFT_AGE = 3_600;
const NEXT_AGE = 86_400;

export const leftovers: Diagnostic = {
  about: "files that a crash left next to the store",
  exit: 6,
  async run(context) {
    // Reading the store finishes what a crash interrupted, so only files that remain afterwards are leftovers.
    const isReadable = (await orNull(context.history)) !== null;
    const files = await orNull(context.files);
    if (files === null) return [];
    const found = files.sidecars.filter(({ kind }) => kind === "draft" || kind === "next");
    if (found.length === 0) return files.journal === null ? [] : [{ status: "pass", observed: "no leftover files" }];
    return found.map(({ path, kind, type, uid, modified }): Observation => {
      const what = kind === "draft" ? "is incomplete" : "was meant to replace the store, but did not";
      if (context.now - modified < (kind === "draft" ? DRAFT_AGE : NEXT_AGE)) {
        return { status: "info", observed: `${path} is being written, or ${what}` };
      }
      // Without its journal, a replacement may be the only copy of the keys.
      const isUseless = type === "file" && (kind === "draft" || isReadable) && uid === (context.world.uid ?? uid);
      const fix = isUseless ? `rm ${shellQuote(path)}` : `see what it is: ls -ld ${shellQuote(path)}`;
      return { status: "warn", observed: `${path} ${what}`, fix };
    });
  },
};
