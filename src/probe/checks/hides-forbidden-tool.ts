import type { Check } from "../check.ts";
import { fail, pass, untestable } from "../check-result.ts";
import { kindOf } from "../mcp/answer-kind.ts";
import { compareToolAccess, describeCall, TOOL_ACCESS_COST, type ToolAccess } from "../judge/tool-access.ts";
import { isConversation } from "../verify/attempt.ts";

export const hidesForbiddenTool: Check = {
  id: "hides-forbidden-tool",
  group: "acceptance",
  about: "conformance",
  level: "should",
  expected: "does not list the tool named by --call to a key that may not call it",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/server/tools#listing-tools"),
  fix: "leave the tools that a key may not call out of its tools/list, as a guard with toolScopes does",
  needs: ["accepted", "tool", "second-key"],
  cost: TOOL_ACCESS_COST,
  async run(target) {
    const both = await compareToolAccess(target);
    if ("untestable" in both) return both;
    const forbidden = both.find(isForbidden);
    if (forbidden === undefined || !both.some(({ call }) => call.status === "done")) {
      return untestable("the tool makes no difference between the two keys; name one that only one of them may call");
    }
    const observed = `${describeCall(forbidden, target)} to a call`;
    return forbidden.isListed
      ? fail(`${observed} of a tool that is in tools/list of the same key`)
      : pass(`${observed}, and the tool is not in tools/list of that key`);
  },
};

/** An error of the tool itself may have another reason than the key. */
function isForbidden({ attempt }: ToolAccess): boolean {
  return isConversation(attempt) && ["forbidden", "rpc-error"].includes(kindOf(attempt.answer));
}
