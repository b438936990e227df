import { KeysError } from "../../errors.ts";
import { certificateFault, tlsInfoOf } from "../judge/certificate.ts";
import type { Check } from "../check.ts";
import { fail, pass, untestable } from "../check-result.ts";

export const tlsTrusted: Check = {
  id: "tls-trusted",
  group: "transport",
  about: "conformance",
  level: "must",
  expected: "the certificate is valid now, and signed by an authority that this machine trusts",
  source: new URL("https://www.rfc-editor.org/rfc/rfc6750#section-5.3"),
  fix: "renew the certificate, and let the server send the whole chain; for an authority of your own set NODE_EXTRA_CA_CERTS",
  needs: ["https"],
  cost: { requests: 0, wrong: 0 },
  run(target) {
    const { real } = target.survey;
    const fault = certificateFault(real);
    if (fault === "untrusted" || fault === "out-of-date") {
      return Promise.resolve(fail(real instanceof KeysError ? target.redact(real.message) : fault));
    }
    const met = fault === "other-host" || tlsInfoOf(target) !== undefined;
    return Promise.resolve(met ? pass("trusted") : untestable("no connection came about"));
  },
};
