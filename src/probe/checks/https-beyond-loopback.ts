import type { Check } from "../check.ts";
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
  run({ url, loopback }) {
    if (url.protocol === "https:") return Promise.resolve(pass("https"));
    return Promise.resolve(
      loopback ? pass("http on loopback") : fail("http: anyone on the network path can read the key"),
    );
  },
};
