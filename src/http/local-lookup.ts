import { lookup as systemLookup } from "node:dns";
import type { LookupAddress, LookupAllOptions } from "node:dns";
import type { LookupFunction } from "node:net";
import { isLoopbackAddress } from "../core/loopback.ts";

/** Resolves a host name, as `dns.lookup` with `all`. */
export type ResolveHost = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** The code of the error for a name that leads to another machine. */
export const NOT_LOCAL = "NOT_LOCAL";

/**
 * Returns a lookup that finds only addresses of this machine. A hosts file or a resolver may send `localhost` elsewhere, and plain http
 * would show the token there.
 */
export function createLocalLookup(lookup?: ResolveHost): LookupFunction {
  return (hostname, options, callback) => {
    // The default is read here, because `node:dns` loads on first use, and an address needs none.
    (lookup ?? systemLookup)(hostname, { ...options, all: true }, (error, addresses) => {
      const local = error === null ? addresses.filter(({ address }) => isLoopbackAddress(address)) : [];
      const [first] = local;
      if (error !== null) callback(error, []);
      else if (first === undefined) callback(Object.assign(new Error(NOT_LOCAL), { code: NOT_LOCAL }), []);
      else if (options.all === true) callback(null, local);
      else callback(null, first.address, first.family);
    });
  };
}
