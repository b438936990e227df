import type { IncomingMessage, OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { findLayer, parentOf } from "./node-layer.ts";
import { hasOneList, Note } from "./node-note.ts";
import { isNamed } from "./request-view.ts";
import type { AnswerHead, OnAnswer } from "../guard/admission.ts";

export type Headers = OutgoingHttpHeaders | OutgoingHttpHeader[] | undefined;
type Pairs = readonly (readonly [string, OutgoingHttpHeader])[];
/** The status, perhaps its text, perhaps headers. */
export type HeadArguments = [status: number, first?: unknown, second?: unknown];
/** Always called with what it is a method of. */
type WriteHead = (this: ServerResponse, ...args: HeadArguments) => ServerResponse;

/** Methods of ours, each on what the responses of all Express apps inherit. */
const shared = new WeakSet<WriteHead>();

/** Shows the head of an answer to the guard before it is written. */
export function watchHead(response: ServerResponse, onAnswer: OnAnswer): void {
  const request = requestOf(response);
  if (request !== undefined && isShared(response, request)) Note.watch(request.rawHeaders, onAnswer);
  else watchOne(response, onAnswer);
}

function watchOne(response: ServerResponse, onAnswer: OnAnswer): void {
  const writeHead = writeHeadOf(response);
  let isKnown = false;
  (response as { writeHead: unknown }).writeHead = (...args: HeadArguments): ServerResponse => {
    const [status, first, second] = args;
    if (!isKnown && isFinal(status)) {
      isKnown = true;
      onAnswer(new Head(response, status, headersOf(first, second)));
    }
    return Reflect.apply(writeHead, response, args);
  };
}

/** Whether `writeHead` is a method of ours; where it would be Node's, one is put in front of that. */
function isShared(response: ServerResponse, request: IncomingMessage): boolean {
  const parent = parentOf(response);
  if (parent === null || Object.hasOwn(response, "writeHead")) return false;
  if (shared.has(writeHeadOf(parent))) return true;
  const layer = findLayer(parent, "writeHead");
  if (layer === null || !hasOneList(request)) return false;
  share(layer);
  return true;
}

function share(layer: object): void {
  const writeHead: WriteHead = function (status, first, second) {
    const base = parentOf(layer) as ServerResponse;
    const request = isFinal(status) ? requestOf(this) : undefined;
    const onAnswer = request === undefined ? null : Note.takeWatcher(request.rawHeaders);
    if (onAnswer !== null) onAnswer(new Head(this, status, headersOf(first, second), base));
    return writeHeadOf(base).call(this, status, first, second);
  };
  shared.add(writeHead);
  Object.defineProperty(layer, "writeHead", { value: writeHead, writable: true, configurable: true });
}

/** What is answered. A proxy of a response has it too. */
function requestOf(response: ServerResponse): IncomingMessage | undefined {
  return (response as { readonly req?: IncomingMessage }).req;
}

function writeHeadOf(holder: unknown): WriteHead {
  return (holder as { readonly writeHead: WriteHead }).writeHead;
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
  readonly #base: ServerResponse;

  /** @param base - whose methods are called; that of a class is found sooner than that of a response of Express */
  constructor(response: ServerResponse, status: number, given: Headers, base = response) {
    this.status = status;
    this.#response = response;
    this.#given = given;
    this.#base = base;
  }

  header(name: string): string | null {
    return asText(findHeader(name, this.#given) ?? this.#base.getHeader.call(this.#response, name));
  }
}

/** Node takes them as an object, as pairs, or as names and values in turn. */
export function toPairs(headers: Headers): Pairs {
  if (!Array.isArray(headers)) return Object.entries(headers ?? {}).map(([name, value]) => [name, value ?? ""]);
  if (headers.every((one) => Array.isArray(one))) return headers as unknown as Pairs;
  return headers.flatMap((name, i) => (i % 2 === 0 ? [[String(name), headers[i + 1] ?? ""] as const] : []));
}

function findHeader(name: string, headers: Headers): OutgoingHttpHeader | undefined {
  if (Array.isArray(headers)) return toPairs(headers).find(([given]) => isNamed(given, name))?.[1];
  for (const given in headers) {
    if (isNamed(given, name)) return headers[given];
  }
  return undefined;
}

function asText(value: OutgoingHttpHeader | undefined): string | null {
  return value === undefined ? null : Array.isArray(value) ? value.join(", ") : String(value);
}
