import { isConversation } from "../verify/attempt.ts";
import { fail, pass, untestable, type CheckResult } from "../check-result.ts";
import { kindOf } from "../mcp/answer-kind.ts";
import { headerOf } from "../../http/http.ts";
import type { Target } from "../target/target.ts";

/** Whether the right key is redirected, to another origin or within that of the URL. What is named is fit to log. */
export function judgeRedirect({ survey, url, redact }: Target, to: "elsewhere" | "within"): CheckResult {
  const { real } = survey;
  if (!isConversation(real)) return untestable("nothing answered");
  const location = headerOf(real.answer, "location") ?? "";
  if (kindOf(real.answer) !== "redirect" || !URL.canParse(location, url.href)) return pass("no redirect");
  // The query may hold what nobody should see.
  const { origin, pathname } = new URL(location, url.href);
  const found = origin === url.origin ? "within" : "elsewhere";
  const redirect = `${String(real.answer.status)} to ${redact(origin + pathname)}`;
  return found === to ? fail(redirect) : pass(`another kind of redirect: ${redirect}`);
}
