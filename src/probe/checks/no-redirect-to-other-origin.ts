import type { Check } from "../check.ts";
import { judgeRedirect } from "../judge/judge-redirect.ts";

export const noRedirectToOtherOrigin: Check = {
  id: "no-redirect-to-other-origin",
  group: "transport",
  about: "conformance",
  level: "must",
  expected: "does not redirect to another origin",
  source: new URL("https://www.rfc-editor.org/rfc/rfc6750#section-5.3"),
  fix: "use the URL that the server redirects to, if you trust it; let the old URL answer 404 instead of a redirect",
  cost: { requests: 0, wrong: 0 },
  run: (target) => Promise.resolve(judgeRedirect(target, "other-origin")),
};
