import type { Check } from "../check.ts";
import { judgeRefusedInTime } from "../judge/judge-lifecycle.ts";
import { LIFECYCLE_COST } from "../target/wait.ts";

export const rejectsDisabledKey: Check = {
  id: "rejects-disabled-key",
  group: "lifecycle",
  about: "access",
  level: "must",
  expected: "a key that was disabled is not let in any more",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#token-handling"),
  fix: "judge the key at every request by what the store says of it now, and cache no verdict for longer than seconds",
  needs: ["accepted", "store"],
  cost: LIFECYCLE_COST,
  async run(target) {
    const disabled = await target.canaries.disable();
    return "untestable" in disabled ? disabled : judgeRefusedInTime(target, disabled.waited, "it was disabled");
  },
};
