import { KeysError } from "../../errors.ts";
import type { Attempt } from "../verify/attempt.ts";
import type { Target } from "../target/target.ts";
import type { TlsInfo } from "../../http/http.ts";

/** What is wrong with a certificate; `null` where a connection came about, or failed for another reason. */
export type CertificateFault = "untrusted" | "other-host" | "out-of-date";

const OUT_OF_DATE = ["CERT_HAS_EXPIRED", "CERT_NOT_YET_VALID"];
/** OpenSSL's reasons against a chain, by the names that Node gives them. */
const UNTRUSTED =
  /^(?:CERT_|CRL_|DEPTH_ZERO_SELF_SIGNED_CERT$|SELF_SIGNED_CERT_IN_CHAIN$|UNABLE_TO_(?:GET_ISSUER_CERT|VERIFY_LEAF_SIGNATURE|DECRYPT_CERT)|INVALID_(?:CA|PURPOSE)$|PATH_LENGTH_EXCEEDED$|HOSTNAME_MISMATCH$)/;

/** Why a check has no answer then. */
export const NOT_ASKED_FOR_CERTIFICATE = "nothing was asked, since the certificate does not hold";

/** Why the certificate kept the right key from being sent. */
export function certificateFault(real: Attempt): CertificateFault | null {
  if (!(real instanceof KeysError)) return null;
  const cause = causeCode(real);
  if (cause === "ERR_TLS_CERT_ALTNAME_INVALID") return "other-host";
  if (OUT_OF_DATE.includes(cause)) return "out-of-date";
  return UNTRUSTED.test(cause) ? "untrusted" : null;
}

/** What the connections to the server were made with. */
export function tlsInfoOf({ recorded }: Target): TlsInfo | undefined {
  return recorded.find(({ answer }) => answer.tls !== undefined)?.answer.tls;
}

/** Returns the code that Node gives for a failed exchange (`CERT_HAS_EXPIRED`), or `TIMED_OUT`; empty if it has none. */
export function causeCode({ cause }: KeysError): string {
  const code = typeof cause === "object" && cause !== null && "code" in cause ? cause.code : undefined;
  return typeof code === "string" ? code : "";
}

/** Returns whether the server ended the TLS handshake with an alert. A failure on this side has no alert in its message. */
export function isTlsAlert({ cause }: KeysError): boolean {
  return cause instanceof Error && /\balert\b/i.test(cause.message);
}
