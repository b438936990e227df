import { isInconclusive } from "../verify/attempt.ts";
import { withToolCall, failedAlike, readToolCall } from "../verify/tool-call.ts";
import type { Check } from "../check.ts";
import { fail, pass, untestable } from "../check-result.ts";
import { NOTHING } from "../mcp/credentials.ts";
import { describeAttempt, listNames } from "../judge/judge-refused.ts";

export const requiresKeyForToolCall: Check = {
  id: "requires-key-for-tool-call",
  group: "rejection",
  about: "access",
  level: "must",
  expected: "the tool named by --call is not called without your key",
  source: new URL(
    "https://modelcontextprotocol.io/specification/2025-11-25/basic/security_best_practices#session-hijacking",
  ),
  fix: "ask for the key before a call is taken to its tool",
  needs: ["accepted", "tool"],
  cost: { requests: 18, wrong: 8 },
  async run(target) {
    const callEach = target.survey.greetings.map(async (spoken) => {
      const greeting = withToolCall(spoken, target.tool ?? "");
      const mine = readToolCall(await target.ask(target.right, { greeting }));
      const theirs = [NOTHING, target.wrong].map(async (credentials) => {
        const attempt = await target.ask(credentials, { greeting });
        return {
          credentials,
          attempt,
          mine,
          call: readToolCall(attempt),
          name: `${spoken.era} with ${credentials.name}`,
        };
      });
      return Promise.all(theirs);
    });
    const calls = (await Promise.all(callEach)).flat();
    const done = calls.filter(({ call }) => call.became === "done");
    if (done.length > 0) return fail(`called: ${listNames(done)}`);
    if (calls.some(({ mine }) => mine.became === "stopped"))
      return untestable("the tool is not called with your key either");
    if (calls.some(({ mine, call }) => failedAlike(mine, call))) {
      return untestable("the tool fails in the same words with your key and without; name one that needs no arguments");
    }
    const inconclusive = calls.find(({ attempt }) => isInconclusive(attempt));
    if (inconclusive !== undefined)
      return untestable(`${inconclusive.name}: ${describeAttempt(inconclusive.attempt, target)}`);
    return pass(`not called with ${listNames(calls.map(({ credentials }) => credentials))}`);
  },
};
