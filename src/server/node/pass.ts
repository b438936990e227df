import type { IncomingMessage, ServerResponse } from "node:http";
import { isThenable } from "../../core/describe-type.ts";
import { formatOAuthError } from "../guard/guard-response.ts";
import { describeThrown } from "../verifier/call-hook.ts";
import { isAnswered, sendResponse } from "./send-response.ts";

/** A request with its response, and the function that continues with the server's handler. */
export interface GuardedExchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly next: (error?: unknown) => unknown;
  /** Writes a line to the server's log. */
  readonly report: (problem: string) => void;
}

const FAILED = formatOAuthError(500, "server_error", "The server failed to handle the request");

/** Continues with the server's handler. Never throws: what the handler throws, or rejects with, would end the process. */
export function pass(exchange: GuardedExchange): void {
  callNext(exchange, [], passError);
}

/** Passes an error on: to `next` if that takes one, as in Express, else the answer is 500. Never throws. */
export function passError(exchange: GuardedExchange, cause: unknown): void {
  const { next } = exchange;
  if (typeof next !== "function" || next.length === 0) fail(exchange, cause);
  else callNext(exchange, [cause], fail);
}

function callNext(exchange: GuardedExchange, args: [] | [unknown], onError: typeof fail): void {
  const { next } = exchange;
  try {
    const result = next(...args);
    if (result === undefined || !isThenable(result)) return;
    void Promise.resolve(result).then(undefined, (cause: unknown) => onError(exchange, cause));
  } catch (cause) {
    onError(exchange, cause);
  }
}

function fail({ request, response, next, report }: GuardedExchange, cause: unknown): void {
  try {
    const problem =
      typeof next === "function"
        ? `the handler behind guardNode failed: ${describeThrown(cause)}`
        : "guardNode was called without next: call it as guard(request, response, () => handle(request, response))";
    report(problem);
    if (!isAnswered(response)) sendResponse(request, response, FAILED);
    // Half a response must not look complete.
    else if (!response.writableEnded) response.destroy();
  } catch {
    response.destroy();
  }
}
