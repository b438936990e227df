import { isInconclusive } from "../verify/attempt.ts";
import { withToolCall, failedAlike, readToolCall } from "../verify/tool-call.ts";
import type { Check } from "../check.ts";
import { fail, pass, untestable } from "../check-result.ts";
import { NOTHING } from "../mcp/presented-key.ts";
import { noteTried } from "../judge/evidence.ts";
import { describeAttempt, listNames } from "../judge/judge-refused.ts";

export const requiresKeyForToolCall: Check = {
  id: "requires-key-for-tool-call",
  group: "rejection",
  about: "access",
  level: "must",
  expected: "requires a key to call the tool named by --call",
  source: new URL(
    "https://modelcontextprotocol.io/specification/2025-11-25/basic/security_best_practices#session-hijacking",
  ),
  fix: "check the key before the call reaches the tool",
  needs: ["accepted", "tool"],
  cost: { requests: 18, wrong: 8 },
  async run(target) {
    const callEach = target.survey.greetings.map(async (base) => {
      const greeting = withToolCall(base, target.tool ?? "");
      const valid = readToolCall(await target.ask(target.valid, { greeting }));
      const others = [NOTHING, target.wrong].map(async (presented) => {
        const attempt = await target.ask(presented, { greeting });
        return {
          presented,
          attempt,
          valid,
          call: readToolCall(attempt),
          name: `${base.era} with ${presented.name}`,
        };
      });
      return Promise.all(others);
    });
    const calls = (await Promise.all(callEach)).flat();
    const done = calls.filter(({ call }) => call.status === "done");
    const results = calls.map(({ name, attempt, call }) => {
      return { what: `tools/call ${name}`, result: attempt, shows: call.status === "done" };
    });
    const tried = noteTried(target, results);
    if (done.length > 0) return fail(`called in ${listNames(done)}`, { tried });
    if (calls.some(({ valid }) => valid.status === "stopped"))
      return untestable("the tool cannot be called with your key either");
    if (calls.some(({ valid, call }) => failedAlike(valid, call))) {
      return untestable("the tool fails in the same way with and without your key; name one that needs no arguments");
    }
    const inconclusive = calls.find(({ attempt }) => isInconclusive(attempt));
    if (inconclusive !== undefined)
      return untestable(`${inconclusive.name}: ${describeAttempt(inconclusive.attempt, target)}`);
    return pass(`not called with ${listNames(calls.map(({ presented }) => presented))}`, { tried });
  },
};
