import { isRefusal } from "./mcp/answer-kind.ts";
import type { KeyHeader } from "./mcp/key-header.ts";
import { NOTHING } from "./mcp/presented-key.ts";
import type { Target } from "./target/target.ts";
import { isConversation, isInconclusive } from "./verify/attempt.ts";
import { explainFailure } from "./verify/explain.ts";
import { findHeader } from "./verify/find-header.ts";

/** Cost of {@link inconclusiveReason}. It sends only the valid key. */
export const FINAL_ATTEMPT_COST = { requests: 6, wrong: 0 };

/**
 * Returns why a run proves nothing, or `null`. Presents the valid key once more: a server that blocks clients after many wrong keys
 * would otherwise look protected.
 */
export async function inconclusiveReason(target: Target): Promise<string | null> {
  if (target.survey.greetings.length === 0) return explainRefusedKey(target);
  const last = await target.presentAgain(target.valid);
  if (!isInconclusive(last) && !(isConversation(last) && isRefusal(last.answer))) return null;
  const observed = isConversation(last) ? String(last.answer.status) : target.redact(last.message);
  return `the server accepted your key at first, but not at the end (${observed}), so its refusals prove nothing; if it blocks clients after many wrong keys, try a lower --rate`;
}

/** Explains why the server did not accept the valid key, in the words of `verify`. */
export async function explainRefusedKey(target: Target): Promise<string> {
  const { survey, url, header, redact } = target;
  const { real } = survey;
  if (!isConversation(real)) return explainFailure(real, { url, header, redact });
  const anonymous = survey.absent ? undefined : await target.present(NOTHING);
  const status = isConversation(anonymous) ? anonymous.answer.status : undefined;
  return explainFailure(real, { url, header, redact, anonymous: status, accepting: await acceptingHeader(target) });
}

/** Asked for by a check, and again at the end of the run. */
const found = new WeakMap<Target, Promise<KeyHeader | null>>();

function acceptingHeader(target: Target): Promise<KeyHeader | null> {
  const { survey, header, key } = target;
  const { real } = survey;
  if (!isConversation(real)) return Promise.resolve(null);
  const search =
    found.get(target) ?? findHeader({ real, header, token: key, wire: (presented) => target.wire(presented) });
  found.set(target, search);
  return search;
}
