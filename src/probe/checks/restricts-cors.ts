import { isConversation } from "../verify/attempt.ts";
import { breaks, holds, untestable, type Check } from "../check.ts";
import { NOTHING } from "../mcp/credentials.ts";
import type { Errand } from "../mcp/planned-request.ts";
import { FOREIGN_ORIGIN, fromPage } from "../judge/foreign-origin.ts";
import { headerOf, type HttpResponse } from "../../http/http.ts";

/** What a browser asks before it lets a page send a key. */
const PREFLIGHT: Errand = {
  ...{ name: "OPTIONS", mark: "OPTIONS from a foreign page", method: "OPTIONS", gives: "nothing" },
  headers: {
    origin: FOREIGN_ORIGIN,
    "access-control-request-method": "POST",
    "access-control-request-headers": "authorization, content-type, mcp-protocol-version",
  },
};

export const restrictsCors: Check = {
  id: "restricts-cors",
  group: "browser",
  about: "manners",
  level: "should",
  expects: "pages of every origin are not allowed to send what a browser keeps for the server, such as cookies",
  source: new URL("https://fetch.spec.whatwg.org/#cors-protocol-and-credentials"),
  mend: "leave Access-Control-Allow-Credentials out, or send it only for origins on a list",
  needs: ["let-in"],
  cost: { requests: 5, wrong: 1 },
  async run(site) {
    const before = await site.exchange(PREFLIGHT, NOTHING);
    const attempt = await site.present(fromPage(site, FOREIGN_ORIGIN, "a foreign page"));
    const answers = [before, isConversation(attempt) ? attempt.answer : attempt].filter((seen) => "status" in seen);
    if (answers.length === 0) return untestable("a foreign page gets no answer");
    const [allowed] = answers.map(allowedOf).filter((origin) => origin !== null);
    return allowed === undefined
      ? holds("no credentials for a foreign page")
      : breaks(`Access-Control-Allow-Credentials for ${site.clean(allowed, 100)}, asked from ${FOREIGN_ORIGIN}`);
  },
};

/** The origin that an answer allows credentials, where that is everyone. */
function allowedOf(answer: Pick<HttpResponse, "headers">): string | null {
  const origin = headerOf(answer, "access-control-allow-origin");
  const everyone = origin === "*" || origin === FOREIGN_ORIGIN;
  return everyone && headerOf(answer, "access-control-allow-credentials") === "true" ? origin : null;
}
