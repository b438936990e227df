import { headerOf } from "../../http/http.ts";
import { fail, pass, untestable, type CheckResult } from "../check-result.ts";
import { kindOf } from "../mcp/answer-kind.ts";
import type { Target } from "../target/target.ts";
import { isConversation } from "../verify/attempt.ts";

/** Fails if the server redirects the valid key `to` another origin, or within the same origin. */
export function judgeRedirect({ survey, url, redact }: Target, to: "other-origin" | "same-origin"): CheckResult {
  const { real } = survey;
  if (!isConversation(real)) return untestable("no answer");
  const location = headerOf(real.answer, "location") ?? "";
  if (kindOf(real.answer) !== "redirect" || !URL.canParse(location, url.href)) return pass("no redirect");
  // Without the query, which may contain a secret.
  const { origin, pathname } = new URL(location, url.href);
  const found = origin === url.origin ? "same-origin" : "other-origin";
  const redirect = `${String(real.answer.status)} to ${redact(origin + pathname)}`;
  return found === to ? fail(redirect) : pass(`another kind of redirect: ${redirect}`);
}
