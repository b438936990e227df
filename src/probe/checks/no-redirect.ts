import type { Check } from "../check.ts";
import { judgeRedirect } from "../judge/judge-redirect.ts";

export const noRedirect: Check = {
  id: "no-redirect",
  group: "transport",
  about: "conformance",
  level: "should",
  expected: "answers at this URL without a redirect",
  source: new URL("https://www.rfc-editor.org/rfc/rfc9110#section-15.4"),
  fix: "use the URL that the server redirects to: clients may drop the key or turn POST into GET when they follow",
  cost: { requests: 0, wrong: 0 },
  run: (target) => Promise.resolve(judgeRedirect(target, "same-origin")),
};
