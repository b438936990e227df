import { KeysError } from "../../errors.ts";
import { isAccepted, isConversation, isInconclusive, type Attempt, type Attempts } from "./attempt.ts";
import { explainFailure, retryAfter, type ExplainContext } from "./explain.ts";

/** Returns the hint for the outcome: the problem and the next step, or `undefined` without a problem. */
export function adviseOn({ real, anonymous, bogus, repeated }: Attempts, context: ExplainContext): string | undefined {
  if (isAccepted(anonymous) || isAccepted(bogus)) return adviseUnprotected({ real, anonymous });
  if (real instanceof KeysError) return describeError(real);
  if (!real.accepted) return explainFailure(real, { ...context, anonymous: statusOf(anonymous) });
  for (const [control, name] of [
    [anonymous, "a request without a key"],
    [bogus, "a bogus key"],
  ] as const) {
    if (control !== undefined && isInconclusive(control)) return adviseInconclusive(control, name, context);
  }
  if (repeated !== undefined && !isAccepted(repeated)) {
    return "the server accepted your key only once, so nothing is proven; if it allows only one session, restart it and try again";
  }
  return adviseConformance([anonymous, bogus]);
}

function adviseUnprotected({ real, anonymous }: Attempts): string {
  const yours = isConversation(real) && !real.accepted ? `, but answers ${real.answer.status} to your key` : "";
  if (!isAccepted(anonymous)) {
    return `the server accepts a bogus key${yours}; it seems to check only the format or the id: compare the whole token, for example with createVerifier`;
  }
  const partial = isConversation(real) && anonymous.tools !== undefined && anonymous.tools < (real.tools ?? 0);
  const listed = partial ? ` and lists ${anonymous.tools} of ${real.tools} tools to them` : "";
  return `the server accepts requests without a key${listed}${yours}; put the guard in front of the MCP handler, for every method and path`;
}

function adviseInconclusive(control: Attempt, name: string, context: ExplainContext): string {
  if (control instanceof KeysError) {
    return `the server accepts your key, but gave no answer to ${name}: ${describeError(control)}`;
  }
  const { status } = control.answer;
  return `the server accepts your key, but answered ${status} to ${name}, which proves nothing; try again ${retryAfter(control.answer, context)}`;
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

function describeError({ message, hint }: KeysError): string {
  return `${message}; ${hint}`;
}
