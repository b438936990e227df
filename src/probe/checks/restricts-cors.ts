import { isConversation } from "../verify/attempt.ts";
import type { Check } from "../check.ts";
import { fail, pass, untestable } from "../check-result.ts";
import { NOTHING } from "../mcp/presented-key.ts";
import type { PlannedRequest } from "../mcp/planned-request.ts";
import { FOREIGN_ORIGIN, keyFromPage } from "../judge/foreign-origin.ts";
import { headerOf, type HttpResponse } from "../../http/http.ts";

export const restrictsCors: Check = {
  id: "restricts-cors",
  group: "browser",
  about: "conformance",
  level: "should",
  expected: "allows credentials such as cookies only from chosen origins",
  source: new URL("https://fetch.spec.whatwg.org/#cors-protocol-and-credentials"),
  fix: "omit Access-Control-Allow-Credentials, or send it only to a list of origins",
  needs: ["accepted"],
  cost: { requests: 5, wrong: 1 },
  async run(target) {
    const before = await target.exchange(preflightFor(target.header.name), NOTHING);
    const attempt = await target.ask(keyFromPage(target, FOREIGN_ORIGIN, "a foreign page"));
    const answers = [before, isConversation(attempt) ? attempt.answer : attempt].filter((seen) => "status" in seen);
    if (answers.length === 0) return untestable("no answer to a foreign page");
    const [allowed] = answers.map(allowedOf).filter((origin) => origin !== null);
    return allowed === undefined
      ? pass("no credentials for a foreign origin")
      : fail(`Access-Control-Allow-Credentials for ${target.redact(allowed, 100)} in an answer to ${FOREIGN_ORIGIN}`);
  },
};

/** Plans the preflight that a browser sends before a page may send a key in this header. */
function preflightFor(header: string): PlannedRequest {
  return {
    ...{ name: "OPTIONS", cacheKey: "OPTIONS from a foreign page", method: "OPTIONS", grants: "nothing" },
    headers: {
      origin: FOREIGN_ORIGIN,
      "access-control-request-method": "POST",
      "access-control-request-headers": `${header}, content-type, mcp-protocol-version`,
    },
  };
}

/** Returns the origin that an answer allows to send credentials, if that includes foreign ones. */
function allowedOf(answer: Pick<HttpResponse, "headers">): string | null {
  const origin = headerOf(answer, "access-control-allow-origin");
  const isForeign = origin === "*" || origin === FOREIGN_ORIGIN;
  return isForeign && headerOf(answer, "access-control-allow-credentials") === "true" ? origin : null;
}
