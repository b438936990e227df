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

/** An origin that is not the server's own. */
export interface ForeignOrigin {
  readonly origin: string;
  /** Completes "a request from …". */
  readonly of: string;
  /** Whether it has the host name of the server. Servers on this machine often allow all of its ports. */
  readonly sameHost: boolean;
}

/**
 * Returns origins that a server should not trust: foreign ones, those that pass a careless comparison with its own, and those of its own
 * host. Browsers write an origin as the URL standard does, so no other spelling can reach a server.
 */
export function foreignOrigins({ url }: Pick<Target, "url">): readonly ForeignOrigin[] {
  const { protocol, hostname, port } = url;
  const at = (scheme: string, host: string, number = port): string => `${scheme}//${host}${number && `:${number}`}`;
  const start = "a page whose host starts with the server's own";
  const pages: readonly ForeignOrigin[] = [
    { origin: FOREIGN_ORIGIN, of: "a foreign page", sameHost: false },
    { origin: "null", of: "a page without an origin, such as a file or a sandboxed frame", sameHost: false },
    { origin: at(protocol, `${hostname}.${FOREIGN_HOST}`), of: start, sameHost: false },
    { origin: at(protocol, `${hostname}.${FOREIGN_HOST}`, ""), of: `${start}, at the usual port`, sameHost: false },
    {
      origin: at(protocol, `foreign-${hostname}`),
      of: "a page whose host ends with the server's own",
      sameHost: false,
    },
    {
      origin: at(protocol === "http:" ? "https:" : "http:", hostname),
      of: "its own host with another scheme",
      sameHost: true,
    },
    {
      origin: at(protocol, hostname, port === "8443" ? "8444" : "8443"),
      of: "another port of its own host",
      sameHost: true,
    },
  ];
  return pages.filter(
    ({ origin }, i) => isSerialized(origin) && pages.findIndex((page) => page.origin === origin) === i,
  );
}

function isSerialized(origin: string): boolean {
  return origin === "null" || (URL.canParse(origin) && new URL(origin).origin === origin);
}
