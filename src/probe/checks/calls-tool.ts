import { calling, readCall } from "../verify/tool-call.ts";
import { isConversation, isUnproven } from "../verify/attempt.ts";
import { breaks, holds, untestable, type Check } from "../check.ts";
import { kindOf } from "../mcp/answer-kind.ts";
import { describe } from "../judge/judge-refused.ts";

export const callsTool: Check = {
  id: "calls-tool",
  group: "key",
  about: "manners",
  level: "must",
  expects: "your key may call the tool named by --call, in each era the server speaks",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/server/tools#calling-tools"),
  mend: "look in the log of the server why the tool was not called",
  needs: ["let-in", "tool"],
  cost: { requests: 10, wrong: 0 },
  async run(site) {
    const { spoken } = site.survey;
    const seen: string[] = [];
    for (const greeting of spoken) {
      const attempt = await site.ask(site.right, { greeting: calling(greeting, site.tool ?? "") });
      const call = readCall(attempt);
      if (isUnproven(attempt)) return untestable(`${greeting.era}: ${describe(attempt, site)}`);
      if (call.became === "stopped") return breaks(`${greeting.era}: ${describe(attempt, site)}`);
      const words = call.became === "failed" ? `failed with ${site.clean(call.words, 100)}` : "done";
      if (isConversation(attempt) && kindOf(attempt.answer) === "rpc-error") return breaks(`${greeting.era}: ${words}`);
      seen.push(`${greeting.era}: ${words}`);
    }
    return holds(seen.join(", "));
  },
};
