import { KeysError } from "../../errors.ts";
import { isConversation, isAccepted, isInconclusive, type Attempt, type Attempts } from "./attempt.ts";
import { explainFailure, retryAfter, type ExplainContext } from "./explain.ts";

/** The hint that goes with {@link outcomeOf}, where there is something to say. */
export function adviseOn({ real, anonymous, bogus, repeated }: Attempts, scene: ExplainContext): string | undefined {
  if (isAccepted(anonymous) || isAccepted(bogus)) return adviseOpen({ real, anonymous });
  if (real instanceof KeysError) return describeFault(real);
  if (!real.accepted) return explainFailure(real, { ...scene, anonymous: statusOf(anonymous) });
  for (const [control, named] of [
    [anonymous, "a request without a key"],
    [bogus, "a bogus key"],
  ] as const) {
    if (control !== undefined && isInconclusive(control)) return adviseInconclusive(control, named, scene);
  }
  if (repeated !== undefined && !isAccepted(repeated)) {
    return "your key is let in once and not again, so that nothing is proven: does the server keep a single session? restart it";
  }
  return adviseConformance([anonymous, bogus]);
}

function adviseOpen({ real, anonymous }: Attempts): string {
  const mine = isConversation(real) && !real.accepted ? `, while your key gets ${real.answer.status}` : "";
  if (!isAccepted(anonymous)) {
    return `a bogus key is let in${mine}: the server looks at the form of a key, or its id, and not at its secret`;
  }
  const part = isConversation(real) && anonymous.tools !== undefined && anonymous.tools < (real.tools ?? 0);
  const observed = part ? ` and sees ${anonymous.tools} of ${real.tools} tools` : "";
  return `a request without a key is let in${observed}${mine}: put the guard in front of the MCP handler`;
}

function adviseInconclusive(control: Attempt, named: string, scene: ExplainContext): string {
  if (control instanceof KeysError) return `your key is let in, but ${named} got no answer: ${describeFault(control)}`;
  const { status } = control.answer;
  return `your key is let in, but ${named} got ${status}, which proves nothing; try again ${retryAfter(control.answer, scene)}`;
}

/** Shut, but not as a client expects it. */
function adviseConformance(controls: readonly (Attempt | undefined)[]): string | undefined {
  const shut = controls.filter(isConversation);
  if (shut.some(({ server }) => server !== null && server.era !== "modern")) {
    return "the handshake is open to anybody; only what comes after it is guarded";
  }
  const odd = shut.find(({ answer }) => answer.status !== 401);
  return odd === undefined ? undefined : `what is not let in gets ${odd.answer.status}, and clients expect 401`;
}

function statusOf(attempt: Attempt | undefined): number | undefined {
  return isConversation(attempt) ? attempt.answer.status : undefined;
}

function describeFault({ message, hint }: KeysError): string {
  return `${message}; ${hint}`;
}
