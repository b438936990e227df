import type { IncomingMessage } from "node:http";
import { CUT, findRepeated, TWO_HOSTS, type HeadFlaw } from "../guard/head-flaw.ts";
import { isNamed } from "../guard/header-name.ts";
import type { RequestView } from "../guard/request-view.ts";
import { isCut, listHeaders } from "./raw-headers.ts";

/**
 * Presents a Node request to the guard, as the client sent it: changes that a middleware made to `headers` do not count. It reads
 * each property of the request at most once, and only when needed: on Express each read is slow.
 */
export class NodeRequestView implements RequestView {
  readonly #request: IncomingMessage;
  readonly #headers: readonly string[];
  /** A bit for each length of a name, to see without a search that most headers were not sent. */
  readonly #lengths: number;
  #url: string | null = null;

  constructor(request: IncomingMessage) {
    this.#request = request;
    this.#headers = listHeaders(request);
    this.#lengths = collectLengths(this.#headers);
  }

  get flaw(): HeadFlaw | null {
    const headers = this.#headers;
    if (isCut(this.#request, headers.length)) return CUT;
    if (this.isHttp2 && this.#hasTwoHosts()) return TWO_HOSTS;
    return findRepeated(headers);
  }

  get isHttp2(): boolean {
    // Its pseudo-headers come first.
    return this.#headers[0]?.startsWith(":") === true;
  }

  get method(): string {
    return this.#request.method ?? "";
  }

  get path(): string {
    const url = this.#fullUrl();
    const mark = url.indexOf("?");
    return mark < 0 ? url : url.slice(0, mark);
  }

  get host(): string | null {
    return this.header("host") ?? this.header(":authority");
  }

  get address(): string | null {
    // Some platforms pass an object without a socket.
    const { socket } = this.#request as { socket?: { readonly remoteAddress?: string | undefined } | null };
    return socket?.remoteAddress ?? null;
  }

  get query(): string {
    const url = this.#fullUrl();
    const mark = url.indexOf("?");
    return mark < 0 ? "" : url.slice(mark + 1);
  }

  header(name: string): string | null {
    if ((this.#lengths & (1 << name.length)) === 0) return null;
    const headers = this.#headers;
    let found: string | null = null;
    for (let i = 0; i + 1 < headers.length; i += 2) {
      if (!isNamed(headers[i] ?? "", name)) continue;
      const value = headers[i + 1] ?? "";
      found = found === null ? value : `${found}, ${value}`;
    }
    return found;
  }

  #hasTwoHosts(): boolean {
    const host = this.header("host");
    const authority = this.header(":authority");
    return host !== null && authority !== null && host.toLowerCase() !== authority.toLowerCase();
  }

  #fullUrl(): string {
    if (this.#url !== null) return this.#url;
    const request = this.#request as { originalUrl?: string; url?: string };
    // Express and connect remove the mount path from `url`.
    return (this.#url = request.originalUrl ?? request.url ?? "");
  }
}

/** Lengths of 32 and more share the bits of shorter ones. */
function collectLengths(headers: readonly string[]): number {
  let lengths = 0;
  for (let i = 0; i + 1 < headers.length; i += 2) lengths |= 1 << (headers[i] ?? "").length;
  return lengths;
}
