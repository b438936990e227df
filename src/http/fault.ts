import { KeysError, type Code } from "../errors.ts";

interface Explanation {
  /** Continues "<origin> …". */
  readonly says: string;
  readonly hint: string;
  readonly code?: Code;
}

const UNTRUSTED: Explanation = {
  says: "has a certificate that nobody known to this machine has signed",
  hint: "if you trust its authority, set NODE_EXTRA_CA_CERTS=<its certificate>.pem",
};
const UNKNOWN_HOST: Explanation = {
  says: "has a name that cannot be found",
  hint: "check the spelling of the host name, and that this machine can look names up",
};
const NO_WAY: Explanation = {
  says: "cannot be reached from here",
  hint: "check the network, a firewall, a VPN; proxies such as HTTP_PROXY are not used",
};
const BROKEN_OFF: Explanation = {
  says: "broke off the connection",
  hint: "check the log of the server, and whether its port wants https:// or http://",
};

const EXPLANATIONS: Readonly<Record<string, Explanation>> = {
  TIMED_OUT: {
    says: "did not answer in time",
    hint: "check that the server is not stuck, or give it longer with --timeout",
  },
  ECONNREFUSED: { says: "refuses connections", hint: "start the server, or check the host and the port" },
  ENOTFOUND: UNKNOWN_HOST,
  EAI_AGAIN: UNKNOWN_HOST,
  ETIMEDOUT: NO_WAY,
  EHOSTUNREACH: NO_WAY,
  ENETUNREACH: NO_WAY,
  EADDRNOTAVAIL: NO_WAY,
  ECONNRESET: BROKEN_OFF,
  ECONNABORTED: BROKEN_OFF,
  EPIPE: BROKEN_OFF,
  DEPTH_ZERO_SELF_SIGNED_CERT: {
    says: "has a self-signed certificate",
    hint: "if it is yours, set NODE_EXTRA_CA_CERTS=<that certificate>.pem",
  },
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  CERT_UNTRUSTED: UNTRUSTED,
  CERT_HAS_EXPIRED: { says: "has a certificate that has expired", hint: "renew the certificate of the server" },
  CERT_NOT_YET_VALID: { says: "has a certificate that is not valid yet", hint: "check the clock of this machine" },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    says: "has a certificate for another host name",
    hint: "use the host name that its certificate names",
  },
  EPROTO: {
    says: "does not speak TLS there",
    hint: "check the port, and whether it wants http:// instead of https://",
  },
  UPGRADED: { says: "changed the protocol unasked", hint: "check the URL and the port", code: "SERVER_NOT_MCP" },
};

const NOT_HTTP: Explanation = {
  says: "does not answer in HTTP",
  hint: "check the port, and whether it wants https://",
  code: "SERVER_NOT_MCP",
};

/** Turns what `node:http`, `node:tls` and `node:dns` throw into a failure that names the origin, never the path or a header. */
export function explainFault(cause: unknown, url: URL): KeysError {
  const code = codeOf(cause);
  const known = EXPLANATIONS[code] ?? explainFamily(code);
  return new KeysError(known.code ?? "SERVER_UNREACHABLE", `${url.origin} ${known.says}`, { hint: known.hint, cause });
}

function explainFamily(code: string): Explanation {
  if (code.startsWith("HPE_")) return NOT_HTTP;
  // OpenSSL has many reasons against a chain, and the mend is the same.
  return /^(?:CERT|CRL|UNABLE_TO|INVALID_(?:CA|PURPOSE)|PATH_LENGTH)/.test(code) ? UNTRUSTED : BROKEN_OFF;
}

function codeOf(cause: unknown): string {
  const code = typeof cause === "object" && cause !== null && "code" in cause ? cause.code : undefined;
  if (typeof code !== "string") return "";
  return code.startsWith("ERR_SSL_") ? "EPROTO" : code;
}
