import { KeysError } from "../../errors.ts";
import { certificateFault, tlsInfoOf } from "../judge/certificate.ts";
import type { Check } from "../check.ts";
import { fail, pass, untestable } from "../check-result.ts";

export const tlsTrusted: Check = {
  id: "tls-trusted",
  group: "transport",
  about: "conformance",
  level: "must",
  expected: "has a valid certificate, signed by an authority that this machine trusts",
  source: new URL("https://www.rfc-editor.org/rfc/rfc6750#section-5.3"),
  fix: "renew the certificate, and send the whole chain; for a private authority, set NODE_EXTRA_CA_CERTS",
  needs: ["https"],
  cost: { requests: 0, wrong: 0 },
  run(target) {
    const { real } = target.survey;
    const fault = certificateFault(real);
    if (fault === "untrusted" || fault === "out-of-date") {
      return Promise.resolve(fail(real instanceof KeysError ? target.redact(real.message) : fault));
    }
    const connected = fault === "other-host" || tlsInfoOf(target) !== undefined;
    return Promise.resolve(connected ? pass("trusted") : untestable("no TLS connection was established"));
  },
};
