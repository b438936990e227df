import { count } from "../../core/count.ts";
import { tlsInfoOf } from "../judge/certificate.ts";
import type { Check } from "../check.ts";
import { fail, pass, untestable } from "../check-result.ts";

const DAY_SECONDS = 86_400;
/** Automatic renewal has happened by then. */
const MIN_DAYS = 14;

export const tlsNotExpiring: Check = {
  id: "tls-not-expiring",
  group: "transport",
  about: "conformance",
  level: "should",
  expected: "has a certificate that is valid for at least 14 more days",
  source: new URL("https://www.rfc-editor.org/rfc/rfc5280#section-4.1.2.5"),
  fix: "renew the certificate, and find out why it was not renewed automatically",
  needs: ["https"],
  cost: { requests: 0, wrong: 0 },
  run(target) {
    const ends = tlsInfoOf(target)?.validTo ?? null;
    if (ends === null) return Promise.resolve(untestable("no certificate was accepted, or it has no expiry date"));
    const days = Math.floor((ends - target.epoch()) / DAY_SECONDS);
    const observed = days < 1 ? "expires within a day" : `expires in ${count(days, "day")}`;
    return Promise.resolve(days < MIN_DAYS ? fail(observed) : pass(observed));
  },
};
