import type { Check } from "../check.ts";
import { judgeRedirect } from "../judge/judge-redirect.ts";

export const noRedirectToOtherOrigin: Check = {
  id: "no-redirect-to-other-origin",
  group: "transport",
  about: "conformance",
  level: "must",
  expected: "the key is not redirected to another origin",
  source: new URL("https://www.rfc-editor.org/rfc/rfc6750#section-5.3"),
  fix: "use the address that the server redirects to, if it is yours; let the old one answer 404, not with a redirect",
  cost: { requests: 0, wrong: 0 },
  run: (target) => Promise.resolve(judgeRedirect(target, "other-origin")),
};
