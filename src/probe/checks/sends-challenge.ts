import { breaks, holds, untestable, type Check } from "../check.ts";
import { NOTHING } from "../credentials.ts";
import { refusalOf, REFUSAL_COST } from "../refused.ts";
import { headerOf } from "../request.ts";

export const sendsChallenge: Check = {
  id: "sends-challenge",
  group: "manners",
  about: "manners",
  level: "must",
  expects: "a 401 says in WWW-Authenticate how to come in",
  source: new URL("https://www.rfc-editor.org/rfc/rfc9110#section-15.5.2"),
  mend: 'send WWW-Authenticate: Bearer realm="mcp" with every 401',
  needs: ["let-in", "bearer"],
  cost: REFUSAL_COST,
  async run(site) {
    const answer = await refusalOf(site, NOTHING);
    if ("untestable" in answer) return answer;
    if (answer.status !== 401) return untestable(`no key gets ${String(answer.status)} and not 401`);
    const header = headerOf(answer, "www-authenticate") ?? "";
    return header === "" ? breaks("401 without WWW-Authenticate") : holds(site.clean(header));
  },
};
