import { fail, pass, untestable } from "../check-result.ts";
import { tlsInfoOf, isTlsAlert } from "../judge/certificate.ts";
import { causeCode } from "../mcp/cause-code.ts";
import type { Check } from "../check.ts";
import { HEAD } from "../mcp/planned-request.ts";

/** Some servers drop the connection instead of sending an alert. */
const DROPPED = ["ECONNRESET", "EPIPE"];

export const rejectsOldTls: Check = {
  id: "rejects-old-tls",
  group: "transport",
  about: "conformance",
  level: "must",
  expected: "accepts only TLS 1.2 and newer",
  source: new URL("https://www.rfc-editor.org/rfc/rfc8996"),
  fix: "set the minimum version of the server, or of the proxy in front of it, to TLS 1.2",
  needs: ["https"],
  cost: { requests: 1, wrong: 1 },
  async run(target) {
    const best = tlsInfoOf(target)?.protocol;
    if (best === undefined) return untestable("no TLS connection was established");
    const old = await target.exchange({ ...HEAD, maxTls: "TLSv1.1", cacheKey: "HEAD over old TLS" });
    if ("status" in old) return fail(`${old.tls?.protocol ?? "an old version"} is accepted`);
    if (isTlsAlert(old) || DROPPED.includes(causeCode(old))) return pass(`${best}; TLSv1.1 is rejected`);
    return untestable(`${best}; could not tell whether older versions are rejected`);
  },
};
