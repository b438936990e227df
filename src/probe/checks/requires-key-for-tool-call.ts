import { isUnproven } from "../verify/attempt.ts";
import { calling, failAlike, readCall } from "../verify/tool-call.ts";
import { breaks, holds, untestable, type Check } from "../check.ts";
import { NOTHING } from "../mcp/credentials.ts";
import { describe, nameAll } from "../judge/judge-refused.ts";

export const requiresKeyForToolCall: Check = {
  id: "requires-key-for-tool-call",
  group: "door",
  about: "door",
  level: "must",
  expects: "the tool named by --call is not called without your key",
  source: new URL(
    "https://modelcontextprotocol.io/specification/2025-11-25/basic/security_best_practices#session-hijacking",
  ),
  mend: "ask for the key before a call is taken to its tool",
  needs: ["let-in", "tool"],
  cost: { requests: 18, wrong: 8 },
  async run(site) {
    const callEach = site.survey.spoken.map(async (spoken) => {
      const greeting = calling(spoken, site.tool ?? "");
      const mine = readCall(await site.ask(site.right, { greeting }));
      const theirs = [NOTHING, site.wrong].map(async (credentials) => {
        const attempt = await site.ask(credentials, { greeting });
        return { credentials, attempt, mine, call: readCall(attempt), name: `${spoken.era} with ${credentials.name}` };
      });
      return Promise.all(theirs);
    });
    const calls = (await Promise.all(callEach)).flat();
    const done = calls.filter(({ call }) => call.became === "done");
    if (done.length > 0) return breaks(`called: ${nameAll(done)}`);
    if (calls.some(({ mine }) => mine.became === "stopped"))
      return untestable("the tool is not called with your key either");
    if (calls.some(({ mine, call }) => failAlike(mine, call))) {
      return untestable("the tool fails in the same words with your key and without; name one that needs no arguments");
    }
    const unproven = calls.find(({ attempt }) => isUnproven(attempt));
    if (unproven !== undefined) return untestable(`${unproven.name}: ${describe(unproven.attempt, site)}`);
    return holds(`not called with ${nameAll(calls.map(({ credentials }) => credentials))}`);
  },
};
