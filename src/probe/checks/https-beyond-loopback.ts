import { breaks, holds, type Check } from "../check.ts";

export const httpsBeyondLoopback: Check = {
  id: "https-beyond-loopback",
  group: "transport",
  about: "door",
  level: "must",
  expects: "a key travels over TLS, or does not leave this machine",
  source: new URL("https://www.rfc-editor.org/rfc/rfc6750#section-5.3"),
  mend: "put TLS in front of the server, and replace the keys that were sent without",
  cost: { requests: 0, wrong: 0 },
  run({ url, loopback }) {
    if (url.protocol === "https:") return Promise.resolve(holds("https"));
    return Promise.resolve(
      loopback ? holds("http on loopback") : breaks("http: whoever is on the way can read the key"),
    );
  },
};
