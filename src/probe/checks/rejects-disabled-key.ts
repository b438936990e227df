import type { Check } from "../check.ts";
import { judgeRefusedInTime } from "../judge/judge-lifecycle.ts";
import { LIFECYCLE_COST } from "../target/wait.ts";

export const rejectsDisabledKey: Check = {
  id: "rejects-disabled-key",
  group: "lifecycle",
  about: "access",
  level: "must",
  expected: "rejects a disabled key",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#token-handling"),
  fix: "check the key's state in the store at every request, and cache verdicts for seconds at most",
  needs: ["accepted", "store"],
  cost: LIFECYCLE_COST,
  async run(target) {
    const disabled = await target.canaries.disable();
    return "untestable" in disabled ? disabled : judgeRefusedInTime(target, disabled.waited, "it was disabled");
  },
};
