import { isConversation, isLetIn } from "../verify/attempt.ts";
import { BEARER, rightKey } from "../mcp/credentials.ts";
import { converse } from "../mcp/negotiate.ts";
import { isRefusal } from "../mcp/answer-kind.ts";
import { attempt } from "../verify/present.ts";
import type { Site } from "./target.ts";

/** Where most servers look for a key that they do not want in `Authorization`. */
const OTHER = "X-API-Key";

/** The most that {@link findElsewhere} sends, all with the right key. */
export const ELSEWHERE_COST = { requests: 14, wrong: 0 };

/** The name of a header in which the key is let in, where it was refused in `Authorization`; tried once. */
export async function findElsewhere(site: Site): Promise<string | null> {
  const { real, spoken } = site.survey;
  const refused = isConversation(real) && !real.letIn && isRefusal(real.answer);
  if (site.header !== BEARER || spoken.length > 0 || !refused) return null;
  const key = { ...rightKey({ name: OTHER.toLowerCase(), scheme: null }, site.key), id: "key-elsewhere" };
  return isLetIn(await attempt(() => converse(site.wire(key)))) ? OTHER : null;
}
