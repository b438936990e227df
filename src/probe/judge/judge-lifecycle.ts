import { fail, pass, untestable, type CheckResult } from "../check-result.ts";
import { isRefusal } from "../mcp/answer-kind.ts";
import type { WaitResult } from "../target/canaries.ts";
import type { Target } from "../target/target.ts";
import { isAccepted, isConversation, isInconclusive } from "../verify/attempt.ts";
import { noteTried } from "./evidence.ts";
import { describeAttempt } from "./judge-refused.ts";

/**
 * Judges whether the server accepted a key in time.
 * @param after - What happened to the key, completing "accepted within 1.2 s after …".
 */
export function judgeAcceptedInTime(target: Target, { seconds, last }: WaitResult, after: string): CheckResult {
  const tried = noteTried(target, [{ what: `a key after ${after}`, result: last, shows: false }]);
  if (seconds !== null) return pass(`accepted within ${seconds.toFixed(1)} s after ${after}`, { tried });
  const observed = isAccepted(last) ? "accepted only sometimes" : describeAttempt(last, target);
  const result = `${observed} for ${String(target.patienceMs / 1000)} s after ${after}`;
  return isInconclusive(last) ? untestable(result) : fail(result, { tried });
}

/**
 * Judges whether the server refused a key in time. A status other than 401 or 403 counts only if it still accepts the valid key.
 * @param after - What happened to the key, completing "401 within 1.2 s after …".
 */
export async function judgeRefusedInTime(
  target: Target,
  { seconds, last }: WaitResult,
  after: string,
): Promise<CheckResult> {
  const tried = noteTried(target, [{ what: `a key after ${after}`, result: last, shows: isAccepted(last) }]);
  if (seconds === null) {
    const result = `${String(target.patienceMs / 1000)} s after ${after}`;
    return isAccepted(last)
      ? fail(`still accepted ${result}`, { tried })
      : untestable(`${describeAttempt(last, target)} ${result}`);
  }
  const refused = isConversation(last) && isRefusal(last.answer);
  if (!refused && !isAccepted(await target.presentAgain(target.valid))) {
    return untestable("the server no longer accepts your key either, so a refusal proves nothing");
  }
  return pass(`${describeAttempt(last, target)} within ${seconds.toFixed(1)} s after ${after}`, { tried });
}
