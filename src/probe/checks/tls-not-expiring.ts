import { count } from "../../core/count.ts";
import { tlsInfoOf } from "../judge/certificate.ts";
import type { Check } from "../check.ts";
import { fail, pass, untestable } from "../check-result.ts";

const DAY = 86_400;
/** Days; what renews itself has done so by then. */
const SOON = 14;

export const tlsNotExpiring: Check = {
  id: "tls-not-expiring",
  group: "transport",
  about: "conformance",
  level: "should",
  expected: "the certificate does not end within 14 days",
  source: new URL("https://www.rfc-editor.org/rfc/rfc5280#section-4.1.2.5"),
  fix: "renew the certificate, and see why it was not renewed by itself",
  needs: ["https"],
  cost: { requests: 0, wrong: 0 },
  run(target) {
    const ends = tlsInfoOf(target)?.validTo ?? null;
    if (ends === null)
      return Promise.resolve(untestable("no certificate was accepted, or it does not say when it ends"));
    const days = Math.floor((ends - target.epoch()) / DAY);
    const observed = days < 1 ? "it ends within a day" : `it ends in ${count(days, "day")}`;
    return Promise.resolve(days < SOON ? fail(observed) : pass(observed));
  },
};
