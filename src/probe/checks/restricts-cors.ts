import { isConversation } from "../verify/attempt.ts";
import type { Check } from "../check.ts";
import { fail, pass, untestable } from "../check-result.ts";
import { NOTHING } from "../mcp/credentials.ts";
import type { PlannedRequest } from "../mcp/planned-request.ts";
import { FOREIGN_ORIGIN, keyFromPage } from "../judge/foreign-origin.ts";
import { headerOf, type HttpResponse } from "../../http/http.ts";

/** What a browser asks before it lets a page send a key. */
const PREFLIGHT: PlannedRequest = {
  ...{ name: "OPTIONS", cacheKey: "OPTIONS from a foreign page", method: "OPTIONS", grants: "nothing" },
  headers: {
    origin: FOREIGN_ORIGIN,
    "access-control-request-method": "POST",
    "access-control-request-headers": "authorization, content-type, mcp-protocol-version",
  },
};

export const restrictsCors: Check = {
  id: "restricts-cors",
  group: "browser",
  about: "conformance",
  level: "should",
  expected: "pages of every origin are not allowed to send what a browser keeps for the server, such as cookies",
  source: new URL("https://fetch.spec.whatwg.org/#cors-protocol-and-credentials"),
  fix: "leave Access-Control-Allow-Credentials out, or send it only for origins on a list",
  needs: ["accepted"],
  cost: { requests: 5, wrong: 1 },
  async run(target) {
    const before = await target.exchange(PREFLIGHT, NOTHING);
    const attempt = await target.present(keyFromPage(target, FOREIGN_ORIGIN, "a foreign page"));
    const answers = [before, isConversation(attempt) ? attempt.answer : attempt].filter((seen) => "status" in seen);
    if (answers.length === 0) return untestable("a foreign page gets no answer");
    const [allowed] = answers.map(allowedOf).filter((origin) => origin !== null);
    return allowed === undefined
      ? pass("no credentials for a foreign page")
      : fail(`Access-Control-Allow-Credentials for ${target.redact(allowed, 100)}, asked from ${FOREIGN_ORIGIN}`);
  },
};

/** The origin that an answer allows credentials, where that is everyone. */
function allowedOf(answer: Pick<HttpResponse, "headers">): string | null {
  const origin = headerOf(answer, "access-control-allow-origin");
  const everyone = origin === "*" || origin === FOREIGN_ORIGIN;
  return everyone && headerOf(answer, "access-control-allow-credentials") === "true" ? origin : null;
}
