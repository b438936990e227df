import { withToolCall, readToolCall } from "../verify/tool-call.ts";
import { isConversation, isInconclusive } from "../verify/attempt.ts";
import type { Check } from "../check.ts";
import { fail, pass, untestable } from "../check-result.ts";
import { kindOf } from "../mcp/answer-kind.ts";
import { describeAttempt } from "../judge/judge-refused.ts";

export const callsTool: Check = {
  id: "calls-tool",
  group: "acceptance",
  about: "conformance",
  level: "must",
  expected: "calls the tool named by --call with your key, in every protocol era it speaks",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/server/tools#calling-tools"),
  fix: "look in the server's log for why the call failed",
  needs: ["accepted", "tool"],
  cost: { requests: 10, wrong: 0 },
  async run(target) {
    const { greetings } = target.survey;
    const observed: string[] = [];
    for (const greeting of greetings) {
      const attempt = await target.ask(target.valid, { greeting: withToolCall(greeting, target.tool ?? "") });
      const call = readToolCall(attempt);
      if (isInconclusive(attempt)) return untestable(`${greeting.era}: ${describeAttempt(attempt, target)}`);
      if (call.status === "stopped") return fail(`${greeting.era}: ${describeAttempt(attempt, target)}`);
      const words = call.status === "failed" ? `failed with ${target.redact(call.message, 100)}` : "done";
      if (isConversation(attempt) && kindOf(attempt.answer) === "rpc-error") return fail(`${greeting.era}: ${words}`);
      observed.push(`${greeting.era}: ${words}`);
    }
    return pass(observed.join(", "));
  },
};
