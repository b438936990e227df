import { certificateFault, tlsSeen } from "../judge/certificate.ts";
import { breaks, holds, untestable, type Check } from "../check.ts";

export const tlsHostMatches: Check = {
  id: "tls-host-matches",
  group: "transport",
  about: "manners",
  level: "must",
  expects: "the certificate is for the host of the URL",
  source: new URL("https://www.rfc-editor.org/rfc/rfc9110#section-4.3.4"),
  mend: "use a certificate that names this host, or the host that the certificate names",
  needs: ["https"],
  cost: { requests: 0, wrong: 0 },
  run(site) {
    const fault = certificateFault(site.survey.real);
    if (fault === "other-host") return Promise.resolve(breaks(`the certificate does not name ${site.url.hostname}`));
    if (fault !== null) return Promise.resolve(untestable("the certificate is not trusted, so its names say nothing"));
    const met = tlsSeen(site) !== undefined;
    return Promise.resolve(met ? holds(site.url.hostname) : untestable("no connection came about"));
  },
};
