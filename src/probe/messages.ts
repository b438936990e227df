import { isConversation, isAccepted, type Attempt } from "./verify/attempt.ts";
import { withToolCall, failedAlike, readToolCall } from "./verify/tool-call.ts";
import type { Greeting } from "./mcp/conversation.ts";
import type { Credentials } from "./mcp/credentials.ts";
import { MISSING_TOOL } from "./mcp/planned-requests.ts";
import { isRefusal } from "./mcp/answer-kind.ts";
import type { Target } from "./target/target.ts";

/** A message that was sent in an era, and what came of it. */
export interface Told {
  /** `tools/call (legacy) with no key`. */
  readonly name: string;
  readonly attempt: Attempt;
  readonly opened: boolean;
}

/**
 * Sends everything by which a client gets what a key is for, in every era the server speaks: the lists it offers, and a call of a
 * tool that is not there. The request that matters in the first era is left out, since it is asked by others.
 */
export async function tellAll(target: Target, credentials: Credentials): Promise<Told[]> {
  const each = target.survey.greetings.map((greeting) => tellIn(target, credentials, greeting));
  return (await Promise.all(each)).flat();
}

async function tellIn(target: Target, credentials: Credentials, greeting: Greeting): Promise<Told[]> {
  const { era, judged, lists } = greeting;
  const told = (attempt: Attempt, method: string, opened: boolean): Told => ({
    ...{ attempt, opened, name: `${method} (${era}) with ${credentials.name}` },
  });
  const list = await target.present(credentials, greeting);
  const first = greeting === target.greeting ? [] : [told(list, judged, isAccepted(list))];
  const greeted = isConversation(list) && list.server !== null;
  if (isAccepted(list) || (!greeted && !target.survey.handshakeFree.includes(era))) return first;
  const others = lists.filter((other) => other !== judged).map((other) => ({ ...greeting, judged: other }));
  const more = others.map(async (other) => {
    const attempt = await target.ask(credentials, { greeting: other });
    return told(attempt, other.judged, isAccepted(attempt));
  });
  const call = await target.ask(credentials, { greeting: withToolCall(greeting, MISSING_TOOL) });
  const opened = isWalled(list) && (await isBehind(target, call, greeting));
  return [...first, ...(await Promise.all(more)), told(call, "tools/call", opened)];
}

/** Without a wall in front of the list nobody knows whether an error was said before the door or behind it. */
function isWalled(list: Attempt): boolean {
  return isConversation(list) && isRefusal(list.answer);
}

/** Whether the tool was looked for: the same words as to the right key. */
async function isBehind(target: Target, call: Attempt, greeting: Greeting): Promise<boolean> {
  const theirs = readToolCall(call);
  if (theirs.became !== "failed") return theirs.became === "done";
  return failedAlike(
    theirs,
    readToolCall(await target.ask(target.right, { greeting: withToolCall(greeting, MISSING_TOOL) })),
  );
}
