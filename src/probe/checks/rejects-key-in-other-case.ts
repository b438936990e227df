import type { Check } from "../check.ts";
import { swapCase } from "../judge/mutations.ts";
import { costOf } from "../judge/judge-refused.ts";
import { tryMutations } from "../judge/wrong-keys.ts";

export const rejectsKeyInOtherCase: Check = {
  id: "rejects-key-in-other-case",
  group: "rejection",
  about: "access",
  level: "must",
  expected: "rejects your key with upper and lower case swapped, or in full-width letters",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#token-handling"),
  fix: "compare keys byte by byte; in a database, use a binary collation",
  needs: ["accepted"],
  cost: costOf(2),
  run: (target) => tryMutations(target, swapCase(target.key), "your key means the same in upper and lower case"),
};
