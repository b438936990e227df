import type { Check } from "../check.ts";
import { fail, pass, untestable } from "../check-result.ts";
import { NOTHING } from "../mcp/presented-key.ts";
import { refusalOf, REFUSAL_COST } from "../judge/read-refusal.ts";
import { headerOf } from "../../http/http.ts";

export const sendsChallenge: Check = {
  id: "sends-challenge",
  group: "responses",
  about: "conformance",
  level: "must",
  expected: "sends WWW-Authenticate with every 401",
  source: new URL("https://www.rfc-editor.org/rfc/rfc9110#section-15.5.2"),
  fix: 'send WWW-Authenticate with every 401, for example Bearer realm="mcp"',
  needs: ["accepted", "scheme"],
  cost: { requests: 2 * REFUSAL_COST.requests, wrong: 2 * REFUSAL_COST.wrong },
  async run(target) {
    const headers: string[] = [];
    for (const presented of [NOTHING, target.wrong]) {
      const answer = await refusalOf(target, presented);
      if ("untestable" in answer || answer.status !== 401) continue;
      const header = headerOf(answer, "www-authenticate") ?? "";
      if (header === "") return fail(`401 without WWW-Authenticate to ${presented.name}`);
      headers.push(target.redact(header));
    }
    return headers.length > 0
      ? pass(headers.join(" and "))
      : untestable("the server answers 401 neither without a key nor to a bogus key");
  },
};
