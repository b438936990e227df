import { isLetIn } from "../attempt.ts";
import { breaks, holds, type Check } from "../check.ts";
import { rightKey } from "../credentials.ts";
import { nameAll, presentEach } from "../shut.ts";

export const schemeInAnyCase: Check = {
  id: "scheme-in-any-case",
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
    const trials = await presentEach(site, spelled);
    const out = trials.filter(({ attempt }) => !isLetIn(attempt));
    if (out.length === 0) return holds(`let in with ${nameAll(spelled)}`);
    return breaks(`not let in with ${nameAll(out.map(({ credentials }) => credentials))}`);
  },
};
