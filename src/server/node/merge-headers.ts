import type { ServerResponse } from "node:http";
import { isNamed } from "../guard/header-name.ts";
import { mergeHeader } from "../guard/merge-header.ts";
import { isFinal, NodeResponseHead, pickHeaders, toPairs, type HeadArguments } from "./response-head.ts";

/** Adds headers to a response when its head is written, because the server may set the same ones until then. */
export function mergeHeaders(response: ServerResponse, headers: Readonly<Record<string, string>>): void {
  const { writeHead } = response as { writeHead: (...args: HeadArguments) => ServerResponse };
  let isDone = false;
  (response as { writeHead: unknown }).writeHead = (...args: HeadArguments): ServerResponse => {
    const [status, reason, last] = args;
    if (isDone || !isFinal(status)) return Reflect.apply(writeHead, response, args);
    isDone = true;
    const given = pickHeaders(reason, last);
    const head = new NodeResponseHead(response, status, given);
    const merged = Object.entries(headers).map(
      ([name, value]) => [name, mergeHeader(name, head.header(name), value)] as const,
    );
    for (const [name, value] of merged) response.setHeader(name, value);
    if (given === undefined) return Reflect.apply(writeHead, response, args);
    const kept = toPairs(given).filter(([name]) => !merged.some(([ours]) => isNamed(name, ours)));
    const others = Array.isArray(given) ? kept.flat() : Object.fromEntries(kept);
    const changed: HeadArguments = typeof reason === "string" ? [status, reason, others] : [status, others];
    return Reflect.apply(writeHead, response, changed);
  };
}
