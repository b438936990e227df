import { count } from "../../core/count.ts";
import type { Check } from "../check.ts";
import { fail, pass, untestable } from "../check-result.ts";
import { isRefusal } from "../mcp/answer-kind.ts";

/** Refusals in a run that a limit would have noticed. */
const MANY = 20;

export const limitsWrongKeys: Check = {
  id: "limits-wrong-keys",
  group: "responses",
  about: "conformance",
  level: "may",
  expected: "slows down a client that sends many wrong keys",
  source: new URL("https://cwe.mitre.org/data/definitions/307.html"),
  fix: "limit refusals per client address with 429, best in the proxy: keys with 128 random bits cannot be guessed, but attempts cost work",
  needs: ["accepted"],
  // It looks at the answers that the other checks got.
  cost: { requests: 0, wrong: 0 },
  run({ recorded, limitsRate }) {
    if (limitsRate) return Promise.resolve(pass("the server limits the rate of requests"));
    const refused = recorded.filter(({ presented, answer }) => presented.kind !== "valid" && isRefusal(answer)).length;
    const result =
      refused < MANY
        ? untestable(
            refused === 0 ? "the server refused no request" : `the server refused only ${count(refused, "request")}`,
          )
        : fail(`${String(refused)} requests were refused, and none was slowed down or limited`);
    return Promise.resolve(result);
  },
};
