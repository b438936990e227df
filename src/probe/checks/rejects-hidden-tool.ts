import type { Check } from "../check.ts";
import { fail, pass, untestable } from "../check-result.ts";
import { noteTried } from "../judge/evidence.ts";
import { compareToolAccess, describeCall, TOOL_ACCESS_COST } from "../judge/tool-access.ts";
import { failedAlike } from "../verify/tool-call.ts";

export const rejectsHiddenTool: Check = {
  id: "rejects-hidden-tool",
  group: "rejection",
  about: "access",
  level: "must",
  expected:
    "rejects a call of the tool named by --call with a key that does not see it in tools/list, if another key does",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/server/tools#security-considerations"),
  fix: "check the key's scopes when a tool is called: leaving it out of tools/list protects nothing",
  needs: ["accepted", "tool", "second-key"],
  cost: TOOL_ACCESS_COST,
  async run(target) {
    const both = await compareToolAccess(target);
    if ("untestable" in both) return both;
    const shown = both.find(({ isListed }) => isListed);
    const hidden = both.find(({ isListed }) => !isListed);
    if (shown === undefined) return untestable("the tool is in tools/list of neither key");
    if (hidden === undefined)
      return untestable("the tool is in tools/list of both keys; name one that only one of them may call");
    if (hidden.call.status === "done") {
      const what = "tools/call with the key that does not see the tool";
      const tried = noteTried(target, [{ what, result: hidden.attempt, shows: true }]);
      return fail("a key that does not see the tool in tools/list can call it", { tried });
    }
    if (failedAlike(hidden.call, shown.call)) {
      return untestable("the tool fails in the same way with both keys; name one that needs no arguments");
    }
    return pass(`${describeCall(hidden, target)} to a call with the key that does not see the tool`);
  },
};
