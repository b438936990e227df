import { fail, pass, untestable } from "../check-result.ts";
import { tlsInfoOf, causeCode, isTlsAlert } from "../judge/certificate.ts";
import type { Check } from "../check.ts";
import { HEAD } from "../mcp/planned-requests.ts";

/** What a server does that does not want a version and does not say so: it breaks the connection off. */
const BROKEN_OFF = ["ECONNRESET", "EPIPE"];

export const rejectsOldTls: Check = {
  id: "rejects-old-tls",
  group: "transport",
  about: "conformance",
  level: "must",
  expected: "connections are made with TLS 1.2 or newer, and never with 1.1 or 1.0",
  source: new URL("https://www.rfc-editor.org/rfc/rfc8996"),
  fix: "set the oldest version of the server, or of the proxy in front of it, to TLS 1.2",
  needs: ["https"],
  cost: { requests: 1, wrong: 1 },
  async run(target) {
    const best = tlsInfoOf(target)?.protocol;
    if (best === undefined) return untestable("no connection came about");
    const old = await target.exchange({ ...HEAD, maxTls: "TLSv1.1", cacheKey: "HEAD over old TLS" });
    if ("status" in old) return fail(`${old.tls?.protocol ?? "an old version"} is spoken too`);
    if (isTlsAlert(old) || BROKEN_OFF.includes(causeCode(old))) return pass(`${best}, and nothing older than TLSv1.2`);
    return untestable(`${best}; whether older ones are refused was not found out`);
  },
};
