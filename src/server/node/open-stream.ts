import type { ServerResponse } from "node:http";
import type { OpenStream } from "../guard/open-streams.ts";

/** The stream of a response over HTTP/2. */
interface Http2Stream {
  readonly destroyed: boolean;
  close(code: number): void;
  once(event: "close", listener: () => void): unknown;
}

/** @see RFC 9113, section 7 */
const CANCEL = 8;

/**
 * Returns a response as a stream that can be ended. Over HTTP/1 that closes the connection, as if the client had left: every server copes
 * with that, and half a response does not look complete.
 * @param isHttp2 - on Express, looking for a `stream` that is not there is the slowest read of all
 */
export function toOpenStream(response: ServerResponse, isHttp2: boolean): OpenStream {
  if (!isHttp2) return response;
  const { stream } = response as { stream?: Http2Stream };
  return stream === undefined ? response : new Http2Response(stream);
}

/** Ends only its own stream, not the connection. */
class Http2Response implements OpenStream {
  readonly #stream: Http2Stream;

  constructor(stream: Http2Stream) {
    this.#stream = stream;
  }

  get destroyed(): boolean {
    return this.#stream.destroyed;
  }

  destroy(): void {
    this.#stream.close(CANCEL);
  }

  once(event: "close", listener: () => void): void {
    this.#stream.once(event, listener);
  }
}
