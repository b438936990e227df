import type { OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { OnHead, ResponseHead } from "../guard/admission.ts";
import { isNamed } from "../guard/header-name.ts";

/** The arguments of `writeHead`: the status, and optionally the status text and headers. */
export type HeadArguments = [status: number, first?: unknown, second?: unknown];
export type HeadHeaders = OutgoingHttpHeaders | OutgoingHttpHeader[] | undefined;

/** Calls `onHead` once, before the head of the response is written. */
export function watchHead(response: ServerResponse, onHead: OnHead): void {
  const { writeHead } = response as { writeHead: (...args: HeadArguments) => ServerResponse };
  let isDone = false;
  (response as { writeHead: unknown }).writeHead = (...args: HeadArguments): ServerResponse => {
    const [status, first, second] = args;
    if (!isDone && isFinal(status)) {
      isDone = true;
      onHead(new NodeResponseHead(response, status, pickHeaders(first, second)));
    }
    return Reflect.apply(writeHead, response, args);
  };
}

/** Tests for a final status. Interim responses like 103 come before the head that counts. */
export function isFinal(status: number): boolean {
  return status >= 200;
}

/** Returns the headers from the arguments of `writeHead`. */
export function pickHeaders(first: unknown, second: unknown): HeadHeaders {
  return (typeof first === "string" ? second : (first ?? second)) as HeadHeaders;
}

/** The head of a response that is about to be written. */
export class NodeResponseHead implements ResponseHead {
  readonly status: number;
  readonly #response: ServerResponse;
  readonly #headers: HeadHeaders;

  /** @param headers - the headers passed to `writeHead`, which override those set before */
  constructor(response: ServerResponse, status: number, headers: HeadHeaders) {
    this.status = status;
    this.#response = response;
    this.#headers = headers;
  }

  header(name: string): string | null {
    const given = toPairs(this.#headers).flatMap(([sent, value]) => (isNamed(sent, name) ? value : []));
    const value = given.length > 0 ? given : this.#response.getHeader(name);
    return value === undefined ? null : Array.isArray(value) ? value.join(", ") : String(value);
  }
}

/** Normalizes the headers of `writeHead`: an object, a list of pairs, or alternating names and values. */
export function toPairs(headers: HeadHeaders): readonly (readonly [string, OutgoingHttpHeader])[] {
  if (!Array.isArray(headers)) return Object.entries(headers ?? {}).map(([name, value]) => [name, value ?? ""]);
  if (headers.every((one) => Array.isArray(one))) return headers as unknown as [string, OutgoingHttpHeader][];
  return headers.flatMap((name, i) => (i % 2 === 0 ? [[String(name), headers[i + 1] ?? ""] as const] : []));
}
