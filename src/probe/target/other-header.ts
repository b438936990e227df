import { isConversation, isAccepted } from "../verify/attempt.ts";
import { BEARER, rightKey } from "../mcp/credentials.ts";
import { converse } from "../mcp/negotiate.ts";
import { isRefusal } from "../mcp/answer-kind.ts";
import { attempt } from "../verify/present.ts";
import type { Target } from "./target.ts";

/** Where most servers look for a key that they do not want in `Authorization`. */
const OTHER = "X-API-Key";

/** The most that {@link findElsewhere} sends, all with the right key. */
export const ELSEWHERE_COST = { requests: 14, wrong: 0 };

/** The name of a header in which the key is let in, where it was refused in `Authorization`; tried once. */
export async function findElsewhere(target: Target): Promise<string | null> {
  const { real, spoken } = target.survey;
  const refused = isConversation(real) && !real.accepted && isRefusal(real.answer);
  if (target.header !== BEARER || spoken.length > 0 || !refused) return null;
  const key = { ...rightKey({ name: OTHER.toLowerCase(), scheme: null }, target.key), id: "key-elsewhere" };
  return isAccepted(await attempt(() => converse(target.wire(key)))) ? OTHER : null;
}
