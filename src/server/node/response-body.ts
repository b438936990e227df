import type { ServerResponse } from "node:http";
import type { OnHead } from "../guard/admission.ts";
import type { Rewriter } from "../guard/body-rewriter.ts";
import { isNamed } from "../guard/header-name.ts";
import { isFinal, NodeResponseHead, pickHeaders, toPairs } from "./response-head.ts";
import type { HeadArguments, HeadHeaders } from "./response-head.ts";

type Callback = () => void;
/** The methods that `rewriteBody` replaces. */
interface Methods {
  readonly writeHead: (...args: unknown[]) => ServerResponse;
  readonly write: (...args: unknown[]) => boolean;
  readonly end: (...args: unknown[]) => ServerResponse;
}

/**
 * Calls `onHead` once, before the head of the response is written, and lets the rewriter it returns change the body. The
 * methods stay replaced: a later middleware, like compression, may have wrapped them.
 */
export function rewriteBody(response: ServerResponse, onHead: OnHead): void {
  const { writeHead, write, end } = response as unknown as Methods;
  /** `undefined` until the head is known. */
  let body: BodyDecoder | null | undefined;

  const readHead = (status: number, headers: HeadHeaders): BodyDecoder | null => {
    const rewriter = onHead(new NodeResponseHead(response, status, headers));
    body = rewriter === null ? null : createBodyDecoder(rewriter);
    // The length changes. Without one, Node sends the body in chunks.
    if (body !== null) response.removeHeader("content-length");
    return body;
  };

  Object.assign(response, {
    writeHead(...args: HeadArguments): ServerResponse {
      const [status, reason, last] = args;
      if (body !== undefined || !isFinal(status)) return Reflect.apply(writeHead, response, args);
      const given = pickHeaders(reason, last);
      if (readHead(status, given) === null) return Reflect.apply(writeHead, response, args);
      const kept = toPairs(given).filter(([name]) => !isNamed(name, "content-length"));
      const headers = Array.isArray(given) ? kept.flat() : Object.fromEntries(kept);
      return Reflect.apply(writeHead, response, [status, ...(typeof reason === "string" ? [reason] : []), headers]);
    },
    write(...args: unknown[]): boolean {
      const decoder = body === undefined ? readHead(response.statusCode, undefined) : body;
      if (decoder === null) return Reflect.apply(write, response, args);
      const out = decoder.push(args[0], args[1]);
      const callback = findCallback(args);
      if (out !== "") return Reflect.apply(write, response, [out, callback]);
      if (callback !== undefined) queueMicrotask(callback);
      return !response.writableNeedDrain;
    },
    end(...args: unknown[]): ServerResponse {
      // Not left to `writeHead`: Node calls it after it has taken the body.
      const decoder = body === undefined ? readHead(response.statusCode, undefined) : body;
      if (decoder === null) return Reflect.apply(end, response, args);
      const out = (typeof args[0] === "function" ? "" : decoder.push(args[0], args[1])) + decoder.end();
      // Over HTTP/2, `end` calls `write`, which must not rewrite again.
      body = null;
      return Reflect.apply(end, response, out === "" ? [findCallback(args)] : [out, findCallback(args)]);
    },
  });
}

/** Decodes the chunks of a body to text and rewrites it. */
interface BodyDecoder {
  push(chunk: unknown, encoding: unknown): string;
  end(): string;
}

function createBodyDecoder(rewriter: Rewriter): BodyDecoder {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  return {
    push(chunk, encoding) {
      if (chunk === undefined || chunk === null) return "";
      if (typeof chunk !== "string") return rewriter.push(decoder.decode(chunk as Uint8Array, { stream: true }));
      const isUtf8 = typeof encoding !== "string" || /^utf-?8$/i.test(encoding);
      return rewriter.push(isUtf8 ? chunk : Buffer.from(chunk, encoding as BufferEncoding).toString());
    },
    end: () => rewriter.push(decoder.decode()) + rewriter.end(),
  };
}

function findCallback(args: readonly unknown[]): Callback | undefined {
  return args.find((one) => typeof one === "function") as Callback | undefined;
}
