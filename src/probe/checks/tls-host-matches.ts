import { certificateFault, tlsInfoOf } from "../judge/certificate.ts";
import type { Check } from "../check.ts";
import { fail, pass, untestable } from "../check-result.ts";

export const tlsHostMatches: Check = {
  id: "tls-host-matches",
  group: "transport",
  about: "conformance",
  level: "must",
  expected: "has a certificate for the host of the URL",
  source: new URL("https://www.rfc-editor.org/rfc/rfc9110#section-4.3.4"),
  fix: "use a certificate for this host, or a URL with the host of the certificate",
  needs: ["https"],
  cost: { requests: 0, wrong: 0 },
  run(target) {
    const fault = certificateFault(target.survey.real);
    if (fault === "other-host") return Promise.resolve(fail(`the certificate does not name ${target.url.hostname}`));
    if (fault !== null)
      return Promise.resolve(untestable("the certificate is not trusted, so its names prove nothing"));
    const connected = tlsInfoOf(target) !== undefined;
    return Promise.resolve(connected ? pass(target.url.hostname) : untestable("no TLS connection was established"));
  },
};
