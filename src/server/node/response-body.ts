import type { ServerResponse } from "node:http";
import { Head, headersOf, isFinal, toPairs, watchHead } from "./response-head.ts";
import type { HeadArguments, Headers } from "./response-head.ts";
import { isNamed } from "./request-view.ts";
import type { OnAnswer } from "../guard/admission.ts";
import type { Rewriter } from "../guard/body-rewriter.ts";

type Done = () => void;
/** What is replaced, and called as a method of the response all the same. */
interface Methods {
  readonly writeHead: (...args: unknown[]) => ServerResponse;
  readonly write: (...args: unknown[]) => boolean;
  readonly end: (...args: unknown[]) => ServerResponse;
}

/**
 * Shows the head of an answer to the guard before it is written, and lets the guard rewrite what follows. The methods that
 * were replaced stay so: who comes later (compression, say) may have replaced them once more.
 */
export function watchAnswer(response: ServerResponse, onAnswer: OnAnswer, mayRewrite: boolean): void {
  if (mayRewrite) rewriteAnswer(response, onAnswer);
  else watchHead(response, onAnswer);
}

function rewriteAnswer(response: ServerResponse, onAnswer: OnAnswer): void {
  const { writeHead, write, end } = response as unknown as Methods;
  /** `undefined` until the head is known. */
  let body: BodyText | null | undefined;

  const look = (status: number, given: Headers): BodyText | null => {
    const rewriter = onAnswer(new Head(response, status, given));
    body = rewriter === null ? null : createBodyText(rewriter);
    // The length changes; without one the answer is sent in chunks.
    if (body !== null) response.removeHeader("content-length");
    return body;
  };

  Object.assign(response, {
    writeHead(...args: HeadArguments): ServerResponse {
      const [status, reason, last] = args;
      if (body !== undefined || !isFinal(status)) return Reflect.apply(writeHead, response, args);
      const given = headersOf(reason, last);
      if (look(status, given) === null) return Reflect.apply(writeHead, response, args);
      const kept = toPairs(given).filter(([name]) => !isNamed(name, "content-length"));
      const headers = Array.isArray(given) ? kept.flat() : Object.fromEntries(kept);
      return Reflect.apply(writeHead, response, [status, ...(typeof reason === "string" ? [reason] : []), headers]);
    },
    write(...args: unknown[]): boolean {
      const text = body === undefined ? look(response.statusCode, undefined) : body;
      if (text === null) return Reflect.apply(write, response, args);
      const out = text.push(args[0], args[1]);
      const done = findDone(args);
      if (out !== "") return Reflect.apply(write, response, [out, done]);
      if (done !== undefined) queueMicrotask(done);
      return !response.writableNeedDrain;
    },
    end(...args: unknown[]): ServerResponse {
      // Here and not at the head, which Node writes when it has taken the body.
      const text = body === undefined ? look(response.statusCode, undefined) : body;
      if (text === null) return Reflect.apply(end, response, args);
      const out = (typeof args[0] === "function" ? "" : text.push(args[0], args[1])) + text.end();
      // The `end` of HTTP/2 calls `write`.
      body = null;
      return Reflect.apply(end, response, out === "" ? [findDone(args)] : [out, findDone(args)]);
    },
  });
}

/** What is written to a response, in whatever form, as one text that is rewritten. */
interface BodyText {
  push(chunk: unknown, encoding: unknown): string;
  end(): string;
}

function createBodyText(rewriter: Rewriter): BodyText {
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

function findDone(args: readonly unknown[]): Done | undefined {
  return args.find((one) => typeof one === "function") as Done | undefined;
}
