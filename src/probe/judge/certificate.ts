import { KeysError } from "../../errors.ts";
import type { TlsInfo } from "../../http/http.ts";
import { causeCode } from "../mcp/cause-code.ts";
import type { Target } from "../target/target.ts";
import type { Attempt } from "../verify/attempt.ts";

/** Why this machine does not accept a certificate. */
export type CertificateFault = "untrusted" | "other-host" | "out-of-date";

const OUT_OF_DATE = ["CERT_HAS_EXPIRED", "CERT_NOT_YET_VALID"];
/** Node's names for OpenSSL's reasons to reject a certificate chain. */
const UNTRUSTED =
  /^(?:CERT_|CRL_|DEPTH_ZERO_SELF_SIGNED_CERT$|SELF_SIGNED_CERT_IN_CHAIN$|UNABLE_TO_(?:GET_ISSUER_CERT|VERIFY_LEAF_SIGNATURE|DECRYPT_CERT)|INVALID_(?:CA|PURPOSE)$|PATH_LENGTH_EXCEEDED$|HOSTNAME_MISMATCH$)/;

/** Observation of checks that cannot run because of the certificate. */
export const NOT_ASKED_FOR_CERTIFICATE = "not sent, because the certificate is not valid";

/** Describes the fault of the certificate; `null` if the server was reached or failed for another reason. */
export function certificateFault(real: Attempt): CertificateFault | null {
  if (!(real instanceof KeysError)) return null;
  const cause = causeCode(real);
  if (cause === "ERR_TLS_CERT_ALTNAME_INVALID") return "other-host";
  if (OUT_OF_DATE.includes(cause)) return "out-of-date";
  return UNTRUSTED.test(cause) ? "untrusted" : null;
}

/** Returns the TLS parameters of the connections to the server. */
export function tlsInfoOf({ recorded }: Target): TlsInfo | undefined {
  return recorded.find(({ answer }) => answer.tls !== undefined)?.answer.tls;
}

/** Returns whether the server ended the TLS handshake. OpenSSL says "alert" for that only. */
export function isTlsAlert({ cause }: KeysError): boolean {
  return cause instanceof Error && /\balert\b/i.test(cause.message);
}
