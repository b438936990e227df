import type { Socket } from "node:net";
import type { ConnectionOptions, TLSSocket } from "node:tls";
import type { TlsInfo } from "./http.ts";

/** Returns the parameters of a TLS connection; `undefined` without TLS. */
export function tlsOf(socket: Socket): TlsInfo | undefined {
  if (!isTls(socket)) return undefined;
  const expiry = Date.parse(socket.getPeerCertificate().valid_to);
  return { protocol: socket.getProtocol() ?? "", validTo: Number.isNaN(expiry) ? null : Math.floor(expiry / 1000) };
}

/** Returns options that limit a connection to a TLS version. Old versions need old ciphers too. */
export function tlsOptions(newest: string | undefined): ConnectionOptions {
  if (newest === undefined) return {};
  const maxVersion = newest as ConnectionOptions["maxVersion"];
  return { minVersion: "TLSv1", maxVersion, ciphers: "DEFAULT:@SECLEVEL=0" };
}

function isTls(socket: Socket): socket is TLSSocket {
  return "encrypted" in socket && socket.encrypted === true;
}
