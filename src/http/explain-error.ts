import { isLoopbackAddress, isLoopbackName } from "../core/loopback.ts";
import { KeysError, type Code } from "../errors.ts";
import { NOT_LOCAL } from "./local-lookup.ts";

interface Explanation {
  /** Completes "https://host …". */
  readonly message: string;
  readonly hint: string;
  readonly code?: Code;
}

const UNTRUSTED: Explanation = {
  message: "has a certificate that this machine does not trust",
  hint: "if you trust its certificate authority, set NODE_EXTRA_CA_CERTS=<authority>.pem",
};
const UNKNOWN_HOST: Explanation = {
  message: "has a host name that cannot be resolved",
  hint: "check the spelling of the host name, and the DNS settings of this machine",
};
const NO_ROUTE: Explanation = {
  message: "cannot be reached from this machine",
  hint: "check the network, firewall and VPN",
};
const CONNECTION_CLOSED: Explanation = {
  message: "closed the connection",
  hint: "check the server's log, and whether the port expects https:// or http://",
};

/** Said for every host that cannot be reached, unless it is this machine, which needs no proxy. */
const NO_PROXY =
  "; mcp-keys connects directly and does not use proxies: HTTP_PROXY, HTTPS_PROXY and ALL_PROXY have no effect";

const EXPLANATIONS: Readonly<Record<string, Explanation>> = {
  TIMED_OUT: {
    message: "did not answer in time",
    hint: "check that the server is not stuck, or allow more time with --timeout",
  },
  ECONNREFUSED: { message: "refuses connections", hint: "start the server, or check host and port" },
  ENOTFOUND: UNKNOWN_HOST,
  EAI_AGAIN: UNKNOWN_HOST,
  ETIMEDOUT: NO_ROUTE,
  EHOSTUNREACH: NO_ROUTE,
  ENETUNREACH: NO_ROUTE,
  EADDRNOTAVAIL: NO_ROUTE,
  ECONNRESET: CONNECTION_CLOSED,
  ECONNABORTED: CONNECTION_CLOSED,
  EPIPE: CONNECTION_CLOSED,
  DEPTH_ZERO_SELF_SIGNED_CERT: {
    message: "has a self-signed certificate",
    hint: "if you trust it, set NODE_EXTRA_CA_CERTS=<certificate>.pem",
  },
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  CERT_UNTRUSTED: UNTRUSTED,
  CERT_HAS_EXPIRED: { message: "has an expired certificate", hint: "renew the server's certificate" },
  CERT_NOT_YET_VALID: { message: "has a certificate that is not valid yet", hint: "check the clock of this machine" },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    message: "has a certificate for another host name",
    hint: "use the host name in its certificate",
  },
  EPROTO: {
    message: "does not speak TLS on this port",
    hint: "check the port, and whether it expects http:// instead of https://",
  },
  [NOT_LOCAL]: {
    message: "leads to another machine, and plain http would expose the token there",
    hint: "check localhost in /etc/hosts and the DNS settings, or use http://127.0.0.1",
    code: "INSECURE_TRANSPORT",
  },
  UPGRADED: { message: "switched to another protocol", hint: "check the URL and the port", code: "SERVER_NOT_MCP" },
};

/** A proxy that was expected and not used may be the cause of these. */
const UNREACHED: readonly (Explanation | undefined)[] = [
  UNKNOWN_HOST,
  NO_ROUTE,
  CONNECTION_CLOSED,
  EXPLANATIONS["TIMED_OUT"],
  EXPLANATIONS["ECONNREFUSED"],
];

const NOT_HTTP: Explanation = {
  message: "does not speak HTTP on this port",
  hint: "check the port, and whether it expects https://",
  code: "SERVER_NOT_MCP",
};

/** Turns an error of `node:http`, `node:tls` or `node:dns` into a `KeysError` that names the origin, never the path or a header. */
export function explainError(cause: unknown, url: URL): KeysError {
  const code = codeOf(cause);
  const known = EXPLANATIONS[code] ?? explainFamily(code);
  const isRemote = !isLoopbackName(url.hostname) && !isLoopbackAddress(url.hostname);
  return new KeysError(known.code ?? "SERVER_UNREACHABLE", `${url.origin} ${known.message}`, {
    hint: isRemote && UNREACHED.includes(known) ? known.hint + NO_PROXY : known.hint,
    cause,
  });
}

function explainFamily(code: string): Explanation {
  if (code.startsWith("HPE_")) return NOT_HTTP;
  // OpenSSL has many reasons to reject a certificate chain, all with the same fix.
  return /^(?:CERT|CRL|UNABLE_TO|INVALID_(?:CA|PURPOSE)|PATH_LENGTH)/.test(code) ? UNTRUSTED : CONNECTION_CLOSED;
}

function codeOf(cause: unknown): string {
  const code = typeof cause === "object" && cause !== null && "code" in cause ? cause.code : undefined;
  if (typeof code !== "string") return "";
  return code.startsWith("ERR_SSL_") ? "EPROTO" : code;
}
