import type { IncomingMessage } from "node:http";
import { Transform, type Readable } from "node:stream";

/** Bytes in which the first event of a stream must end. */
const LIMIT = 16_384;

/**
 * Changes the first event of an HTTP+SSE stream, which names the URL to post to, so that messages go through the proxy too. Passes on
 * everything else as it is.
 * @see MCP 2024-11-05, basic/transports
 */
export function rewriteEndpoint(
  incoming: IncomingMessage,
  { url, prefix }: { readonly url: URL; readonly prefix: string },
): Readable {
  if (!/^\s*text\/event-stream/i.test(incoming.headers["content-type"] ?? "")) return incoming;
  // Bytes as characters, because a chunk may end in the middle of one.
  let held: string | null = "";
  const pass = new Transform({
    transform(chunk: Buffer, _, done) {
      if (held === null) {
        done(null, chunk);
        return;
      }
      held += chunk.toString("latin1");
      const isWhole = /\r?\n\r?\n|\r\r/.test(held);
      // Only an endpoint event is held back.
      if (!isWhole && held.length < LIMIT && "event:".startsWith(held.slice(0, 6))) {
        done();
        return;
      }
      const text = isWhole ? withPrefix(held, url, prefix) : held;
      held = null;
      done(null, Buffer.from(text, "latin1"));
    },
    flush(done) {
      done(null, Buffer.from(held ?? "", "latin1"));
    },
  });
  return incoming.pipe(pass);
}

function withPrefix(text: string, url: URL, prefix: string): string {
  return text.replace(/^(event: ?endpoint\r?\ndata: ?)([^\r\n]+)/, (whole, start: string, data: string) => {
    const endpoint = URL.canParse(data, url.href) ? new URL(data, url) : null;
    return endpoint?.origin === url.origin ? `${start}${prefix}${endpoint.pathname}${endpoint.search}` : whole;
  });
}
