import { isConversation } from "../verify/attempt.ts";
import { breaks, holds, untestable, type Sight } from "../check.ts";
import { kindOf } from "../mcp/answer-kind.ts";
import { headerOf } from "../../http/http.ts";
import type { Site } from "../target/target.ts";

/** Whether the right key is redirected, to another origin or within that of the URL. What is named is fit to log. */
export function judgeRedirect({ survey, url, clean }: Site, to: "elsewhere" | "within"): Sight {
  const { real } = survey;
  if (!isConversation(real)) return untestable("nothing answered");
  const location = headerOf(real.answer, "location") ?? "";
  if (kindOf(real.answer) !== "redirect" || !URL.canParse(location, url.href)) return holds("no redirect");
  // The query may hold what nobody should see.
  const { origin, pathname } = new URL(location, url.href);
  const found = origin === url.origin ? "within" : "elsewhere";
  const redirect = `${String(real.answer.status)} to ${clean(origin + pathname)}`;
  return found === to ? breaks(redirect) : holds(`another kind of redirect: ${redirect}`);
}
