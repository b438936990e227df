import type { Socket } from "node:net";
import type { RequestOptions } from "node:https";
import type { TLSSocket } from "node:tls";
import type { TlsInfo } from "./http.ts";

/** What a connection was made with, or `undefined` for one without TLS. */
export function tlsOf(socket: Socket): TlsInfo | undefined {
  if (!isTls(socket)) return undefined;
  const ends = Date.parse(socket.getPeerCertificate().valid_to);
  return { protocol: socket.getProtocol() ?? "", validTo: Number.isNaN(ends) ? null : Math.floor(ends / 1000) };
}

/** Options for a connection that goes no further than a TLS version. The old ones need the old ciphers as well. */
export function tlsOptions(newest: string | undefined): RequestOptions {
  if (newest === undefined) return {};
  const maxVersion = newest as RequestOptions["maxVersion"];
  return { minVersion: "TLSv1", maxVersion, ciphers: "DEFAULT:@SECLEVEL=0" };
}

function isTls(socket: Socket): socket is TLSSocket {
  return "encrypted" in socket && socket.encrypted === true;
}
