import { isAccepted, isInconclusive } from "../verify/attempt.ts";
import type { Check } from "../check.ts";
import { fail, pass, untestable } from "../check-result.ts";
import { rightKey, type Credentials } from "../mcp/credentials.ts";
import { describeAttempt, listNames } from "../judge/judge-refused.ts";

export const acceptsSchemeInAnyCase: Check = {
  id: "accepts-scheme-in-any-case",
  group: "acceptance",
  about: "conformance",
  level: "should",
  expected: "your key is let in with the scheme in small letters and in capitals",
  source: new URL("https://www.rfc-editor.org/rfc/rfc9110#section-11.1"),
  fix: "compare the scheme without regard to case, such as by /^bearer /i",
  needs: ["accepted", "bearer"],
  cost: { requests: 8, wrong: 0 },
  async run(target) {
    const spelled = ["bearer", "BEARER"].map((scheme) => ({
      ...rightKey({ ...target.header, scheme }, target.key),
      ...{ id: `key-${scheme}`, name: scheme },
    }));
    const refused: Credentials[] = [];
    // One after the other, since some servers have but one session.
    for (const credentials of spelled) {
      const attempt = await target.present(credentials);
      if (isInconclusive(attempt)) return untestable(`${credentials.name}: ${describeAttempt(attempt, target)}`);
      if (!isAccepted(attempt)) refused.push(credentials);
    }
    if (refused.length === 0) return pass(`let in with ${listNames(spelled)}`);
    if (!(await target.isStillAccepted())) return untestable("your key is let in once and not again");
    return fail(`not let in with ${listNames(refused)}`);
  },
};
