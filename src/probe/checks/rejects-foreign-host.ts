import { isConversation, isLetIn, isUnproven } from "../verify/attempt.ts";
import { breaks, holds, untestable, type Check } from "../check.ts";
import { FOREIGN_HOST, underName } from "../judge/foreign-origin.ts";
import { describe } from "../judge/judge-refused.ts";

export const rejectsForeignHost: Check = {
  id: "rejects-foreign-host",
  group: "browser",
  about: "manners",
  level: "may",
  expects: "a server on this machine refuses requests whose Host is not one of its names",
  source: new URL("https://www.rfc-editor.org/rfc/rfc9110#section-7.4"),
  mend: "take localhost and 127.0.0.1 as Host and nothing else: a web page can make its own name lead to this machine",
  needs: ["let-in", "loopback"],
  cost: { requests: 12, wrong: 0 },
  async run(site) {
    const credentials = underName(site, `${FOREIGN_HOST}:${site.url.port}`);
    const attempt = await site.present(credentials);
    if (isLetIn(attempt)) return breaks(`let in with Host: ${FOREIGN_HOST}`);
    if (!isConversation(attempt) || isUnproven(attempt)) return untestable(describe(attempt, site));
    if (attempt.answer.status === 403 || attempt.answer.status === 421) return holds(String(attempt.answer.status));
    const alone = isLetIn(await site.presentAgain(site.right));
    return alone ? holds(String(attempt.answer.status)) : untestable("your key is let in once and not again");
  },
};
