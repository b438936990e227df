import { isConversation, isAccepted } from "../verify/attempt.ts";
import { BEARER, rightKey } from "../mcp/credentials.ts";
import { negotiate } from "../mcp/negotiate.ts";
import { isRefusal } from "../mcp/answer-kind.ts";
import { attempt } from "../verify/present.ts";
import type { Target } from "./target.ts";

/** The most common header for keys after `Authorization`. */
const OTHER_HEADER = "X-API-Key";

/** Cost of {@link findOtherHeader}. It sends only the valid key. */
export const OTHER_HEADER_COST = { requests: 14, wrong: 0 };

/** Tries the key in another header if the server refused it in `Authorization`; returns the header that works, or `null`. */
export async function findOtherHeader(target: Target): Promise<string | null> {
  const { real, greetings } = target.survey;
  const refused = isConversation(real) && !real.accepted && isRefusal(real.answer);
  if (target.header !== BEARER || greetings.length > 0 || !refused) return null;
  const key = {
    ...rightKey({ name: OTHER_HEADER.toLowerCase(), scheme: null }, target.key),
    id: "key-in-other-header",
  };
  return isAccepted(await attempt(() => negotiate(target.wire(key)))) ? OTHER_HEADER : null;
}
