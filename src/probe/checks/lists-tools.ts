import { count } from "../../core/count.ts";
import { isConversation } from "../verify/attempt.ts";
import type { Check } from "../check.ts";
import { fail, pass, untestable } from "../check-result.ts";

export const listsTools: Check = {
  id: "lists-tools",
  group: "acceptance",
  about: "conformance",
  level: "must",
  expected: "lists its tools, resources or prompts with your key",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/server/tools#listing-tools"),
  fix: "answer tools/list with a result that has a list of tools",
  needs: ["accepted"],
  cost: { requests: 0, wrong: 0 },
  run({ survey, greeting }) {
    const { judged } = greeting;
    if (!judged.endsWith("/list"))
      return Promise.resolve(untestable("the server offers no tools, resources or prompts"));
    const member = judged.slice(0, judged.indexOf("/"));
    const found = isConversation(survey.real) ? survey.real.answer.reply?.result?.[member] : undefined;
    const result = Array.isArray(found)
      ? pass(count(found.length, member.replace(/s$/, "")))
      : fail(`the result of ${judged} has no list of ${member}`);
    return Promise.resolve(result);
  },
};
