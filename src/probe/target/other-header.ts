import { isConversation, isAccepted } from "../verify/attempt.ts";
import { BEARER, rightKey } from "../mcp/credentials.ts";
import { negotiate } from "../mcp/negotiate.ts";
import { isRefusal } from "../mcp/answer-kind.ts";
import { attempt } from "../verify/present.ts";
import type { Target } from "./target.ts";

/** Where most servers look for a key that they do not want in `Authorization`. */
const OTHER = "X-API-Key";

/** The most that {@link findOtherHeader} sends, all with the right key. */
export const OTHER_HEADER_COST = { requests: 14, wrong: 0 };

/** The name of a header in which the key is let in, where it was refused in `Authorization`; tried once. */
export async function findOtherHeader(target: Target): Promise<string | null> {
  const { real, greetings } = target.survey;
  const refused = isConversation(real) && !real.accepted && isRefusal(real.answer);
  if (target.header !== BEARER || greetings.length > 0 || !refused) return null;
  const key = { ...rightKey({ name: OTHER.toLowerCase(), scheme: null }, target.key), id: "key-elsewhere" };
  return isAccepted(await attempt(() => negotiate(target.wire(key)))) ? OTHER : null;
}
