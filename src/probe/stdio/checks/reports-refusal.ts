import { isAccepted } from "../../verify/attempt.ts";
import type { Check } from "../../check.ts";
import { fail, pass, untestable } from "../../check-result.ts";
import { bogusKey, NOTHING } from "../program-keys.ts";
import { describeStart, NOT_ACCEPTED, presentEach } from "../judge-refused.ts";
import type { StdioTarget } from "../target.ts";
import { isSilent } from "../start.ts";

export const reportsRefusal: Check<StdioTarget> = {
  id: "reports-refusal",
  group: "responses",
  about: "conformance",
  level: "must",
  expected: "answers a rejected client with an error, or exits with a status other than 0",
  source: new URL("https://www.jsonrpc.org/specification#response_object"),
  fix: "answer initialize with an error that names the variable, and exit with a status other than 0",
  cost: { requests: 2, wrong: 2 },
  async run(target) {
    const refused = (await presentEach(target, [NOTHING, bogusKey(target)])).filter(
      ({ attempt }) => !isAccepted(attempt),
    );
    if (refused.length === 0) return untestable("the program accepts no key and a bogus key");
    if (target.greeting === null) return untestable(NOT_ACCEPTED);
    const faulty = refused.find((start) => isSilent(start) || start.exit?.code === 0);
    const shown = faulty ?? refused[0];
    const observed = shown === undefined ? "" : `${describeStart(shown, target)} with ${shown.presented.name}`;
    return faulty === undefined ? pass(observed) : fail(observed);
  },
};
