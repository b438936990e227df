import type { IncomingMessage } from "node:http";
import type { RequestView } from "../guard/request-view.ts";

/**
 * A request of Node as a guard sees it. From the raw headers: in `headers` a second `Authorization` has been dropped. What
 * stands in the request is read once and late: Express gives every request a shape of its own, in which each look costs.
 */
export class NodeView implements RequestView {
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
    const url = this.#wholeUrl();
    const mark = url.indexOf("?");
    return mark < 0 ? url : url.slice(0, mark);
  }

  get host(): string | null {
    return this.header("host") ?? this.header(":authority");
  }

  get query(): string {
    const url = this.#wholeUrl();
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

  #wholeUrl(): string {
    if (this.#url !== null) return this.#url;
    const request = this.#request as { originalUrl?: string; url?: string };
    // Express and connect cut off what they mounted the guard at.
    return (this.#url = request.originalUrl ?? request.url ?? "");
  }
}

/** Whether the name of a header, in whatever case, is `name`, in lower case. Unlike `toLowerCase`, makes nothing. */
export function isNamed(sent: string, name: string): boolean {
  if (sent.length !== name.length) return false;
  for (let i = 0; i < name.length; i++) {
    const code = sent.charCodeAt(i);
    if ((code >= 65 && code <= 90 ? code | 32 : code) !== name.charCodeAt(i)) return false;
  }
  return true;
}
