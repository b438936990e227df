import { count } from "../../core/count.ts";
import type { Check } from "../check.ts";
import { fail, pass, untestable } from "../check-result.ts";
import type { Greeting } from "../mcp/conversation.ts";
import { NOTHING, type PresentedKey } from "../mcp/presented-key.ts";
import { isRefusal } from "../mcp/answer-kind.ts";
import { MISSING_TOOL } from "../mcp/planned-request.ts";
import { noteTried } from "../judge/evidence.ts";
import { findAccepted, listNames } from "../judge/judge-refused.ts";
import type { Target } from "../target/target.ts";
import { isAccepted, isConversation, isInconclusive, type Attempt } from "../verify/attempt.ts";
import { failedAlike, readToolCall, withToolCall } from "../verify/tool-call.ts";

export const requiresKeyForEveryMessage: Check = {
  id: "requires-key-for-every-message",
  group: "rejection",
  about: "access",
  level: "must",
  expected: "requires a key for every list and tool call, in every protocol era it speaks",
  source: new URL(
    "https://modelcontextprotocol.io/specification/2025-11-25/basic/security_best_practices#session-hijacking",
  ),
  fix: "put the guard in front of the MCP handler instead of listing the messages that need a key",
  needs: ["accepted"],
  cost: { requests: 24, wrong: 18 },
  async run(target) {
    const rejected: PresentedKey[] = [];
    for (const each of [NOTHING, target.wrong]) if ((await findAccepted(target, [each])) === null) rejected.push(each);
    if (rejected.length === 0) return untestable("the server already answers the first list without a valid key");
    const sent = (await Promise.all(rejected.map((presented) => sendAll(target, presented)))).flat();
    const answered = sent.filter((message) => message.answered);
    const results = sent.map(({ name, attempt, answered: shows }) => ({ what: name, result: attempt, shows }));
    const tried = noteTried(target, results);
    if (answered.length > 0) return fail(`answered ${listNames(answered)}`, { tried });
    const inconclusive = sent.find(({ attempt }) => isInconclusive(attempt));
    if (inconclusive !== undefined) return untestable(`no clear answer to ${inconclusive.name}`);
    if (sent.length === 0) return untestable("no other message can be sent outside a session");
    return pass(`${count(sent.length, "more message")} rejected with ${listNames(rejected)}`, { tried });
  },
};

interface SentMessage {
  /** `tools/call (legacy) with no key`. */
  readonly name: string;
  readonly attempt: Attempt;
  /** Whether it got past the guard. */
  readonly answered: boolean;
}

/**
 * Sends the messages that give a client what a key is for, in every era: all lists, and a call of the tool that the user named, or of one
 * that does not exist.
 * Skips the first list of the first era, which other checks send.
 */
async function sendAll(target: Target, presented: PresentedKey): Promise<SentMessage[]> {
  const each = target.survey.greetings.map((greeting) => sendInEra(target, presented, greeting));
  return (await Promise.all(each)).flat();
}

async function sendInEra(target: Target, presented: PresentedKey, greeting: Greeting): Promise<SentMessage[]> {
  const { era, judged, lists } = greeting;
  const sent = (attempt: Attempt, method: string, answered: boolean): SentMessage => ({
    ...{ attempt, answered, name: `${method} (${era}) with ${presented.name}` },
  });
  // No key in a whole conversation: requires-key-for-handshake needs it too.
  const isNone = presented.id === NOTHING.id;
  const list = isNone ? await target.present(presented, greeting) : await target.ask(presented, { greeting });
  const first = greeting === target.greeting ? [] : [sent(list, judged, isAccepted(list))];
  const greeted = isConversation(list) && list.server !== null;
  if (isAccepted(list) || (!greeted && !target.survey.handshakeFree.includes(era))) return first;
  const others = lists.filter((other) => other !== judged).map((other) => ({ ...greeting, judged: other }));
  const more = others.map(async (other) => {
    const attempt = await target.ask(presented, { greeting: other });
    return sent(attempt, other.judged, isAccepted(attempt));
  });
  const call = await target.ask(presented, { greeting: withToolCall(greeting, target.tool ?? MISSING_TOOL) });
  const answered = isGuarded(list) && (await reachesTools(target, call, greeting));
  return [...first, ...(await Promise.all(more)), sent(call, "tools/call", answered)];
}

/** Tells whether the list got 401 or 403. If not, an error in response to the call may come from the guard too. */
function isGuarded(list: Attempt): boolean {
  return isConversation(list) && isRefusal(list.answer);
}

/** Tells whether the server looked for the tool: it then fails in the same words as with a valid key. */
async function reachesTools(target: Target, call: Attempt, greeting: Greeting): Promise<boolean> {
  const result = readToolCall(call);
  if (result.status !== "failed") return result.status === "done";
  const valid = await target.ask(target.valid, { greeting: withToolCall(greeting, target.tool ?? MISSING_TOOL) });
  return failedAlike(result, readToolCall(valid));
}
