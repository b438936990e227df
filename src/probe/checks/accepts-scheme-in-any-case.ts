import { isLetIn, isUnproven } from "../verify/attempt.ts";
import { breaks, holds, untestable, type Check } from "../check.ts";
import { rightKey, type Credentials } from "../mcp/credentials.ts";
import { describe, nameAll } from "../judge/judge-refused.ts";

export const acceptsSchemeInAnyCase: Check = {
  id: "accepts-scheme-in-any-case",
  group: "key",
  about: "manners",
  level: "should",
  expects: "your key is let in with the scheme in small letters and in capitals",
  source: new URL("https://www.rfc-editor.org/rfc/rfc9110#section-11.1"),
  mend: "compare the scheme without regard to case, such as by /^bearer /i",
  needs: ["let-in", "bearer"],
  cost: { requests: 8, wrong: 0 },
  async run(site) {
    const spelled = ["bearer", "BEARER"].map((scheme) => ({
      ...rightKey({ ...site.header, scheme }, site.key),
      ...{ id: `key-${scheme}`, name: scheme },
    }));
    const refused: Credentials[] = [];
    // One after the other, since some servers have but one session.
    for (const credentials of spelled) {
      const attempt = await site.present(credentials);
      if (isUnproven(attempt)) return untestable(`${credentials.name}: ${describe(attempt, site)}`);
      if (!isLetIn(attempt)) refused.push(credentials);
    }
    if (refused.length === 0) return holds(`let in with ${nameAll(spelled)}`);
    if (!(await site.isStillIn())) return untestable("your key is let in once and not again");
    return breaks(`not let in with ${nameAll(refused)}`);
  },
};
