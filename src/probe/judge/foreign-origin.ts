import type { PresentedKey } from "../mcp/presented-key.ts";
import type { Target } from "../target/target.ts";

/** Reserved for examples (RFC 2606), so no server has a reason to trust it. */
export const FOREIGN_HOST = "foreign.example";
export const FOREIGN_ORIGIN = `https://${FOREIGN_HOST}`;

/** Presents the valid key as a browser does for a page of another origin. */
export function keyFromPage({ valid }: Target, origin: string, of: string): PresentedKey {
  const name = `your key in a request from ${of}`;
  return { ...valid, id: `key from ${origin}`, name, headers: () => ({ ...valid.headers(), origin }) };
}

/** Presents the valid key with another `Host` header, as in a DNS rebinding attack. */
export function keyToHost({ valid }: Target, host: string): PresentedKey {
  const name = "your key in a request to another host name";
  return { ...valid, id: `key to ${host}`, name, headers: () => ({ ...valid.headers(), host }) };
}

/** Origins that the server should not trust. The last two pass a careless prefix or suffix comparison with its own origin. */
export function foreignOrigins({ url }: Target): readonly { readonly origin: string; readonly of: string }[] {
  return [
    { origin: FOREIGN_ORIGIN, of: "a foreign page" },
    { origin: `${url.origin}.${FOREIGN_HOST}`, of: "a page whose origin starts with the server's own" },
    { origin: `${url.protocol}//${FOREIGN_HOST}-${url.host}`, of: "a page whose origin ends with the server's own" },
  ];
}
