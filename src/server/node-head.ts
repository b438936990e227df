import type { IncomingMessage, OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { AnswerHead, OnAnswer } from "./passage.ts";

export type Headers = OutgoingHttpHeaders | OutgoingHttpHeader[] | undefined;
type Pairs = readonly (readonly [string, OutgoingHttpHeader])[];
/** The status, perhaps its text, perhaps headers. */
export type HeadArguments = [status: number, first?: unknown, second?: unknown];
/** Always called by `Reflect.apply`: what it is a method of is said there. */
type WriteHead = (this: ServerResponse, ...args: HeadArguments) => ServerResponse;

/** Who is to be told of a head, where a method of ours is shared by many responses. By request, which also a proxy of a response has. */
const watching = new WeakMap<object, OnAnswer>();
const shared = new WeakSet<WriteHead>();

/** Shows the head of an answer to the guard before it is written. */
export function watchHead(response: ServerResponse, onAnswer: OnAnswer): void {
  const writeHead = writeHeadOf(response);
  if (!shared.has(writeHead) && !share(response)) return watchOne(response, writeHead, onAnswer);
  const exchange = exchangeOf(response);
  const before = watching.get(exchange);
  watching.set(exchange, before === undefined ? onAnswer : (head) => before(head) ?? onAnswer(head));
}

function watchOne(response: ServerResponse, writeHead: WriteHead, onAnswer: OnAnswer): void {
  let isKnown = false;
  (response as { writeHead: unknown }).writeHead = (...args: HeadArguments): ServerResponse => {
    if (!isKnown && isFinal(args[0])) {
      isKnown = true;
      onAnswer(headOf(response, args));
    }
    return Reflect.apply(writeHead, response, args);
  };
}

/**
 * Express has objects of its own between its responses and Node's class. On the last one before that class a method is met by
 * the responses of all its apps. One on each response would cost an eighth of all that Express does for a request, for it
 * gives each response a shape of its own.
 * @returns whether there is such an object, and nothing in front of it that writes heads
 */
function share(response: ServerResponse): boolean {
  let last: object | null = null;
  let next: object | null = response;
  while (next !== null && !Object.hasOwn(next, "writeHead")) {
    last = next;
    next = Object.getPrototypeOf(next) as object | null;
  }
  if (next === null || last === null || last === response || !Object.isExtensible(last)) return false;
  const layer = last;
  const writeHead: WriteHead = function (...args) {
    const exchange = exchangeOf(this);
    const onAnswer = isFinal(args[0]) ? watching.get(exchange) : undefined;
    if (onAnswer !== undefined) {
      watching.delete(exchange);
      onAnswer(headOf(this, args));
    }
    return Reflect.apply(writeHeadOf(Object.getPrototypeOf(layer)), this, args);
  };
  shared.add(writeHead);
  Object.defineProperty(layer, "writeHead", { value: writeHead, writable: true, configurable: true });
  return true;
}

function exchangeOf(response: ServerResponse): object {
  return (response as { readonly req?: IncomingMessage }).req ?? response;
}

function writeHeadOf(holder: unknown): WriteHead {
  return (holder as { readonly writeHead: WriteHead }).writeHead;
}

function headOf(response: ServerResponse, [status, first, second]: HeadArguments): Head {
  return new Head(response, status, headersOf(first, second));
}

/** An interim answer, such as 103, is not the one. */
export function isFinal(status: number): boolean {
  return status >= 200;
}

export function headersOf(first: unknown, second: unknown): Headers {
  return (typeof first === "string" ? second : (first ?? second)) as Headers;
}

/** The head of an answer, as it is about to be written. */
export class Head implements AnswerHead {
  readonly status: number;
  readonly #response: ServerResponse;
  readonly #given: Headers;

  constructor(response: ServerResponse, status: number, given: Headers) {
    this.status = status;
    this.#response = response;
    this.#given = given;
  }

  header(name: string): string | null {
    return asText(findHeader(name, this.#given) ?? this.#response.getHeader(name));
  }
}

/** Node takes them as an object, as pairs, or as names and values in turn. */
export function toPairs(headers: Headers): Pairs {
  if (!Array.isArray(headers)) return Object.entries(headers ?? {}).map(([name, value]) => [name, value ?? ""]);
  if (headers.every((one) => Array.isArray(one))) return headers as unknown as Pairs;
  return headers.flatMap((name, i) => (i % 2 === 0 ? [[String(name), headers[i + 1] ?? ""] as const] : []));
}

function findHeader(name: string, headers: Headers): OutgoingHttpHeader | undefined {
  if (Array.isArray(headers)) return toPairs(headers).find(([given]) => given.toLowerCase() === name)?.[1];
  for (const given in headers) {
    if (given.length === name.length && given.toLowerCase() === name) return headers[given];
  }
  return undefined;
}

function asText(value: OutgoingHttpHeader | undefined): string | null {
  return value === undefined ? null : Array.isArray(value) ? value.join(", ") : String(value);
}
