import { isIP, type LookupFunction } from "node:net";
import { isLoopbackName } from "../core/loopback.ts";

/** Where a request connects to, in the options of `node:http` and `node:https`. */
export interface Destination {
  readonly hostname: string;
  /** Empty for the usual port. */
  readonly port: string;
  /** Only for names that must stay on this machine. */
  readonly lookup?: LookupFunction;
  /** Only for https. */
  readonly servername?: string;
}

/**
 * Returns where a request to a URL connects to.
 * @param localLookup - resolves names that must stay on this machine
 */
export function destinationOf(url: URL, localLookup: LookupFunction): Destination {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  // Plain http is allowed for *.localhost, and not every resolver maps it to this machine.
  const common = { hostname: /\.localhost\.?$/.test(host) ? "localhost" : host, port: url.port };
  // Otherwise the certificate would have to name what a request says in Host.
  if (url.protocol === "https:") return { ...common, servername: isIP(host) === 0 ? host : "" };
  // Plain http is allowed for `localhost` without a flag, so it must not lead to another machine.
  return isLoopbackName(url.hostname) ? { ...common, lookup: localLookup } : common;
}
