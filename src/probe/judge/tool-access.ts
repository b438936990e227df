import { untestable, type Untestable } from "../check-result.ts";
import type { PresentedKey } from "../mcp/presented-key.ts";
import { isObject, textAt } from "../mcp/json.ts";
import { takeSecondKey } from "../target/second-key.ts";
import type { Target } from "../target/target.ts";
import { WAIT_COST } from "../target/wait.ts";
import { isAccepted, isInconclusive, type Attempt } from "../verify/attempt.ts";
import { describeAttempt } from "./judge-refused.ts";
import { readToolCall, withToolCall, type ToolCallResult } from "../verify/tool-call.ts";

/** What a key may do with the tool of `--call`. */
export interface ToolAccess {
  readonly isListed: boolean;
  readonly attempt: Attempt;
  readonly call: ToolCallResult;
}

/** Cost of {@link compareToolAccess}: a list and a call with each key, and a wait for a key created in the store. */
export const TOOL_ACCESS_COST = { requests: WAIT_COST.requests + 20, wrong: WAIT_COST.wrong + 10 };

/** Lists the tools and calls the tool of `--call` with both keys. No other tool is called, because nobody knows what it does. */
export async function compareToolAccess(target: Target): Promise<readonly ToolAccess[] | Untestable> {
  const second = await takeSecondKey(target);
  if ("untestable" in second) return second;
  const own = await readToolAccess(target, target.valid);
  if ("untestable" in own) return own;
  const other = await readToolAccess(target, second);
  return "untestable" in other ? other : [own, other];
}

async function readToolAccess(target: Target, presented: PresentedKey): Promise<ToolAccess | Untestable> {
  const { greeting, tool } = target;
  const list = await target.present(presented);
  const result = isAccepted(list) ? list.answer.reply?.result : undefined;
  const tools = result?.["tools"];
  if (!Array.isArray(tools)) return untestable(`the server does not list its tools with ${presented.name}`);
  if (result !== undefined && textAt(result, "nextCursor") !== undefined) {
    return untestable("the list of tools has several pages");
  }
  const attempt = await target.ask(presented, { greeting: withToolCall(greeting, tool ?? "") });
  if (isInconclusive(attempt)) return untestable(`the call with ${presented.name} gets no clear answer`);
  const isListed = tools.some((each) => isObject(each) && each["name"] === tool);
  return { isListed, attempt, call: readToolCall(attempt) };
}

/** Describes the answer to a call in a few words. */
export function describeCall({ attempt, call }: ToolAccess, target: Target): string {
  return call.status === "failed" ? "an error" : describeAttempt(attempt, target);
}
