import type { Check } from "../check.ts";
import { evidenceOf } from "../judge/evidence.ts";
import { fail, pass } from "../check-result.ts";

export const httpsBeyondLoopback: Check = {
  id: "https-beyond-loopback",
  group: "transport",
  about: "access",
  level: "must",
  expected: "is reached over HTTPS, unless it runs on this machine",
  source: new URL("https://www.rfc-editor.org/rfc/rfc6750#section-5.3"),
  fix: "put TLS in front of the server, and replace the keys that were sent without it",
  cost: { requests: 0, wrong: 0 },
  run(target) {
    if (target.url.protocol === "https:") return Promise.resolve(pass("https"));
    if (target.loopback) return Promise.resolve(pass("http on loopback"));
    const tried = [
      { what: "your key over http", answer: "sent unencrypted", ...evidenceOf(target, target.survey.real) },
    ];
    return Promise.resolve(fail("http: anyone on the network path can read the key", { tried }));
  },
};
