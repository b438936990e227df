import type { Check } from "../check.ts";
import { changeId } from "../judge/mutations.ts";
import { costOf } from "../judge/judge-refused.ts";
import { tryMutations } from "../judge/wrong-keys.ts";

export const rejectsWrongId: Check = {
  id: "rejects-wrong-id",
  group: "rejection",
  about: "access",
  level: "must",
  expected: "rejects your key's secret with another id",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#token-handling"),
  fix: "look up a key by the digest of the whole token, or by its id and then compare that digest",
  needs: ["accepted"],
  cost: costOf(1),
  run: (target) =>
    tryMutations(
      target,
      changeId(target.key, target.random),
      "your key was not issued by mcp-keys, so it has no known id",
    ),
};
