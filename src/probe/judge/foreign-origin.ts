import type { Credentials } from "../mcp/credentials.ts";
import type { Target } from "../target/target.ts";

/** Names kept for examples (RFC 2606), which no server has a reason to trust. */
export const FOREIGN_HOST = "foreign.example";
export const FOREIGN_ORIGIN = `https://${FOREIGN_HOST}`;

/** The right key in a request as the browser of somebody makes it for a page of another origin. */
export function keyFromPage({ right }: Target, origin: string, of: string): Credentials {
  const name = `your key in a request from ${of}`;
  return { ...right, id: `key from ${origin}`, name, headers: () => ({ ...right.headers(), origin }) };
}

/** The right key in a request whose `Host` is a name under which somebody else made this address known (DNS rebinding). */
export function keyToHost({ right }: Target, host: string): Credentials {
  const name = "your key in a request to another host name";
  return { ...right, id: `key to ${host}`, name, headers: () => ({ ...right.headers(), host }) };
}

/** Origins of pages that are not the server's own; the last ones look like it to a test of how an origin begins or ends. */
export function foreignOrigins({ url }: Target): readonly { readonly origin: string; readonly of: string }[] {
  return [
    { origin: FOREIGN_ORIGIN, of: "a foreign page" },
    { origin: `${url.origin}.${FOREIGN_HOST}`, of: "a page whose origin begins like the server's own" },
    { origin: `${url.protocol}//${FOREIGN_HOST}-${url.host}`, of: "a page whose origin ends like the server's own" },
  ];
}
