import { isRefusal } from "./mcp/answer-kind.ts";
import { findOtherHeader } from "./target/other-header.ts";
import type { Target } from "./target/target.ts";
import { isConversation, isInconclusive } from "./verify/attempt.ts";
import { explainFailure } from "./verify/explain.ts";

/** Cost of {@link inconclusiveReason}. It sends only the valid key. */
export const FINAL_ATTEMPT_COST = { requests: 6, wrong: 0 };

/**
 * Returns why a run proves nothing, or `null`. Presents the valid key once more: a server that blocks clients after many wrong keys
 * would otherwise look protected.
 */
export async function inconclusiveReason(target: Target): Promise<string | null> {
  const { survey, url, redact } = target;
  const { real, greetings } = survey;
  if (greetings.length === 0) {
    const header = await findOtherHeader(target);
    if (header !== null) return `the server accepts your key in ${header}; run it again with --header ${header}`;
    return isConversation(real) ? explainFailure(real, { url, redact }) : `${redact(real.message)}; ${real.hint}`;
  }
  const last = await target.presentAgain(target.right);
  if (!isInconclusive(last) && !(isConversation(last) && isRefusal(last.answer))) return null;
  const observed = isConversation(last) ? String(last.answer.status) : redact(last.message);
  return `the server accepted your key at first, but not at the end (${observed}), so its refusals prove nothing; if it blocks clients after many wrong keys, try a lower --rate`;
}
