import { KeysError } from "../../errors.ts";
import { findBreaches, isAccepted, isConversation, isInconclusive, type Attempt, type Attempts } from "./attempt.ts";
import { nameEra } from "../mcp/conversation.ts";
import { readRetryAfter } from "../mcp/limit-headers.ts";
import { explainFailure, retryTime, type ExplainContext } from "./explain.ts";

interface AdviseContext extends ExplainContext {
  /** How the key was changed, completing "your key with …". */
  readonly change: string;
}

/** Returns the hint for the outcome: the problem and the next step, or `undefined` without a problem. */
export function adviseOn(attempts: Attempts, context: AdviseContext): string | undefined {
  const { real, anonymous, bogus, changed, repeated } = attempts;
  if (findBreaches(attempts).length > 0) return adviseUnprotected(attempts, context);
  if (!isAccepted(real)) return explainFailure(real, { ...context, anonymous: statusOf(anonymous) });
  const altered = `your key with ${context.change}`;
  for (const [control, name] of [
    [anonymous, "a request without a key"],
    [bogus, "a bogus key"],
    [changed, altered],
  ] as const) {
    if (control !== undefined && isInconclusive(control)) return adviseInconclusive(control, name);
  }
  if (repeated !== undefined && !isAccepted(repeated)) {
    return "the server accepted your key only once, so nothing is proven; if it allows only one session, restart it and try again";
  }
  return adviseConformance([anonymous, bogus, changed]);
}

function adviseUnprotected({ real, anonymous, bogus, elsewhere = [] }: Attempts, { change }: AdviseContext): string {
  const yours = isConversation(real) && !real.accepted ? `, but answers ${real.answer.status} to your key` : "";
  const [open] = elsewhere.filter(isAccepted);
  if (!isAccepted(anonymous) && open?.era !== undefined) {
    return `the server accepts requests without a key in ${nameEra(open.era)}, but not in the era in which it was asked first; put the guard in front of every handler of MCP`;
  }
  if (!isAccepted(anonymous) && !isAccepted(bogus)) {
    return `the server accepts your key with ${change}; it compares only a part of the key: compare the whole token, for example with createVerifier, or verify the signature of a JWT`;
  }
  if (!isAccepted(anonymous)) {
    return `the server accepts a bogus key${yours}; it seems to check only the format or the id: compare the whole token, for example with createVerifier`;
  }
  const partial = isConversation(real) && anonymous.tools !== undefined && anonymous.tools < (real.tools ?? 0);
  const listed = partial ? ` and lists ${anonymous.tools} of ${real.tools} tools to them` : "";
  return `the server accepts requests without a key${listed}${yours}; put the guard in front of the MCP handler, for every method and path`;
}

function adviseInconclusive(control: Attempt, name: string): string {
  if (control instanceof KeysError) {
    return `the server accepts your key, but gave no answer to ${name}: ${control.message}; ${control.hint}`;
  }
  const { status } = control.answer;
  return `the server accepts your key, but answered ${status} to ${name}, which proves nothing; try again ${retryTime(readRetryAfter(control.answer))}`;
}

/** Returns the hint for a protected server that does not refuse as clients expect. */
function adviseConformance(controls: readonly (Attempt | undefined)[]): string | undefined {
  const refused = controls.filter(isConversation);
  if (refused.some(({ server }) => server !== null && server.era !== "modern")) {
    return "the server answers the handshake without a key and guards only later requests; to hide its name and capabilities, guard every request";
  }
  const unusual = refused.find(({ answer }) => answer.status !== 401);
  return unusual && `the server answers ${unusual.answer.status} to a missing or wrong key; clients expect 401`;
}

function statusOf(attempt: Attempt | undefined): number | undefined {
  return isConversation(attempt) ? attempt.answer.status : undefined;
}
