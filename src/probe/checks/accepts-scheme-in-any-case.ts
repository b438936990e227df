import { isAccepted, isInconclusive } from "../verify/attempt.ts";
import type { Check } from "../check.ts";
import { fail, pass, untestable } from "../check-result.ts";
import { validKey, type PresentedKey } from "../mcp/presented-key.ts";
import { describeAttempt, listNames } from "../judge/judge-refused.ts";

export const acceptsSchemeInAnyCase: Check = {
  id: "accepts-scheme-in-any-case",
  group: "acceptance",
  about: "conformance",
  level: "should",
  expected: "accepts the scheme in lowercase and in uppercase",
  source: new URL("https://www.rfc-editor.org/rfc/rfc9110#section-11.1"),
  fix: "compare the scheme case-insensitively, for example with /^bearer /i",
  needs: ["accepted", "scheme"],
  cost: { requests: 8, wrong: 0 },
  async run(target) {
    const own = target.header.scheme ?? "";
    const spelled = [own.toLowerCase(), own.toUpperCase()].map((scheme) => ({
      ...validKey({ ...target.header, scheme }, target.key),
      ...{ id: `key-${scheme}`, name: scheme },
    }));
    const refused: PresentedKey[] = [];
    // One at a time, because some servers have a single session.
    for (const presented of spelled) {
      const attempt = await target.ask(presented);
      if (isInconclusive(attempt)) return untestable(`${presented.name}: ${describeAttempt(attempt, target)}`);
      if (!isAccepted(attempt)) refused.push(presented);
    }
    if (refused.length === 0) return pass(`accepted with ${listNames(spelled)}`);
    if (!(await target.isStillAccepted())) return untestable("the server accepts your key only once");
    return fail(`rejected with ${listNames(refused)}`);
  },
};
