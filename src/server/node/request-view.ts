import type { IncomingMessage } from "node:http";
import type { RequestView } from "../guard/request-view.ts";

/**
 * Presents a Node request to the guard. It reads the raw headers, because `headers` drops a second `Authorization`. It reads
 * each property of the request at most once, and only when needed: on Express each read is slow.
 */
export class NodeRequestView implements RequestView {
  readonly #request: IncomingMessage;
  readonly #rawHeaders: readonly string[];
  #url: string | null = null;

  constructor(request: IncomingMessage) {
    this.#request = request;
    this.#rawHeaders = request.rawHeaders;
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
    const host = this.header("host");
    const authority = this.header(":authority");
    // HTTP/2 has `:authority`. Two different names are as good as none.
    return host === null || authority === null || host === authority ? (authority ?? host) : null;
  }

  get query(): string {
    const url = this.#fullUrl();
    const mark = url.indexOf("?");
    return mark < 0 ? "" : url.slice(mark + 1);
  }

  header(name: string): string | null {
    const raw = this.#rawHeaders;
    let found: string | null = null;
    for (let i = 0; i + 1 < raw.length; i += 2) {
      if (!isNamed(raw[i] ?? "", name)) continue;
      const value = raw[i + 1] ?? "";
      found = found === null ? value : `${found}, ${value}`;
    }
    return found;
  }

  #fullUrl(): string {
    if (this.#url !== null) return this.#url;
    const request = this.#request as { originalUrl?: string; url?: string };
    // Express and connect remove the mount path from `url`.
    return (this.#url = request.originalUrl ?? request.url ?? "");
  }
}

/** Compares the name of a header with `name`, which is in lower case. Allocates nothing, unlike `toLowerCase`. */
export function isNamed(sent: string, name: string): boolean {
  if (sent.length !== name.length) return false;
  for (let i = 0; i < name.length; i++) {
    const code = sent.charCodeAt(i);
    if ((code >= 65 && code <= 90 ? code | 32 : code) !== name.charCodeAt(i)) return false;
  }
  return true;
}
