import { isLoopbackName } from "../../core/loopback.ts";

/** Which hosts are this server's own. A page can choose the name in `Host` by DNS rebinding, so names must be known. */
export class OwnHosts {
  readonly #named: ReadonlySet<string>;

  /** @param names - host names without a port, in any spelling; the loopback names are always known */
  constructor(names: readonly string[]) {
    const hosts = names.flatMap((name) => parseHost(name) ?? []);
    // A page of this machine is not a page of a public host.
    this.#named = new Set(hosts.filter((host) => !isLoopbackName(host)));
  }

  /** Tests the value of a `Host` header. */
  isKnown(host: string | null): boolean {
    const name = parseHost(host ?? "");
    return name !== null && (this.#named.has(name) || isLoopbackName(name));
  }

  /**
   * Tests whether a page with this `Origin` is the server's own. Ignores ports, because a host that serves one port controls the
   * others, and `http` against `https`, because a proxy may end TLS.
   */
  isOwnPage(origin: string, host: string | null): boolean {
    // In other schemes the host is not a machine: chrome-extension://localhost.
    const page = parseHost(/^https?:\/\/(.*)$/i.exec(origin)?.[1] ?? "");
    if (page === null || !this.isKnown(host)) return false;
    return this.#named.has(page) || (isLoopbackName(page) && isLoopbackName(parseHost(host ?? "") ?? ""));
  }
}

/**
 * Parses `host` or `host:port` and returns the host as URLs spell it, without a final dot. Returns `null` for anything else, such
 * as a user name or two values.
 */
export function parseHost(text: string): string | null {
  if (!/^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d*)?$/i.test(text) || !URL.canParse(`http://${text}`)) return null;
  return new URL(`http://${text}`).hostname.replace(/\.$/, "");
}
