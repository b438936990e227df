import { isRefusal } from "./mcp/answer-kind.ts";
import { BEARER } from "./mcp/key-header.ts";
import { validKey } from "./mcp/presented-key.ts";
import { negotiate } from "./mcp/negotiate.ts";
import type { Target } from "./target/target.ts";
import { isAccepted, isConversation, isInconclusive } from "./verify/attempt.ts";
import { explainFailure } from "./verify/explain.ts";
import { attempt } from "./verify/present.ts";

/** Cost of {@link inconclusiveReason}. It sends only the valid key. */
export const FINAL_ATTEMPT_COST = { requests: 6, wrong: 0 };

/**
 * Returns why a run proves nothing, or `null`. Presents the valid key once more: a server that blocks clients after many wrong keys
 * would otherwise look protected.
 */
export async function inconclusiveReason(target: Target): Promise<string | null> {
  const { survey, url, header, redact } = target;
  const { real, greetings } = survey;
  if (greetings.length === 0) {
    const other = await findOtherHeader(target);
    if (other !== null) return `the server accepts your key in ${other}; run it again with --header ${other}`;
    return isConversation(real)
      ? explainFailure(real, { url, header, redact })
      : `${redact(real.message)}; ${real.hint}`;
  }
  const last = await target.presentAgain(target.valid);
  if (!isInconclusive(last) && !(isConversation(last) && isRefusal(last.answer))) return null;
  const observed = isConversation(last) ? String(last.answer.status) : redact(last.message);
  return `the server accepted your key at first, but not at the end (${observed}), so its refusals prove nothing; if it blocks clients after many wrong keys, try a lower --rate`;
}

/** The most common header for keys after `Authorization`. */
const OTHER_HEADER = "X-API-Key";

/** Cost of {@link findOtherHeader}. It sends only the valid key. */
export const OTHER_HEADER_COST = { requests: 14, wrong: 0 };

/** Tries the key in another header if the server refused it in `Authorization`; returns the header that works, or `null`. */
async function findOtherHeader(target: Target): Promise<string | null> {
  const { real, greetings } = target.survey;
  const refused = isConversation(real) && !real.accepted && isRefusal(real.answer);
  if (target.header !== BEARER || greetings.length > 0 || !refused) return null;
  const key = {
    ...validKey({ name: OTHER_HEADER.toLowerCase(), scheme: null }, target.key),
    id: "key-in-other-header",
  };
  return isAccepted(await attempt(() => negotiate(target.wire(key)))) ? OTHER_HEADER : null;
}
