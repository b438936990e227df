import type { IncomingMessage } from "node:http";
import type { RequestView } from "./view.ts";

/** A request of Node as a guard sees it. From the raw headers: in `headers` a second `Authorization` has been dropped. */
export class NodeView implements RequestView {
  readonly method: string;
  readonly #rawHeaders: readonly string[];
  readonly #url: string;

  constructor(request: IncomingMessage) {
    this.method = request.method ?? "";
    this.#rawHeaders = request.rawHeaders;
    // Express and connect cut off what they mounted the guard at.
    this.#url = (request as { originalUrl?: string }).originalUrl ?? request.url ?? "";
  }

  get path(): string {
    const mark = this.#url.indexOf("?");
    return mark < 0 ? this.#url : this.#url.slice(0, mark);
  }

  get host(): string | null {
    return this.header("host") ?? this.header(":authority");
  }

  get query(): string {
    const mark = this.#url.indexOf("?");
    return mark < 0 ? "" : this.#url.slice(mark + 1);
  }

  header(name: string): string | null {
    const raw = this.#rawHeaders;
    const first = name.charCodeAt(0);
    let found: string | null = null;
    for (let i = 0; i + 1 < raw.length; i += 2) {
      const sent = raw[i] ?? "";
      // Letters that differ in their case differ in this bit.
      if (sent.length !== name.length || (sent.charCodeAt(0) | 32) !== first || sent.toLowerCase() !== name) continue;
      const value = raw[i + 1] ?? "";
      found = found === null ? value : `${found}, ${value}`;
    }
    return found;
  }
}
