import type { IncomingMessage, ServerResponse } from "node:http";
import type { Admission, Rejection } from "../guard/admission.ts";
import type { AuthInfo } from "../guard/auth-info.ts";
import { createGuard } from "../guard/guard.ts";
import type { GuardOptions } from "../guard/guard-options.ts";
import type { Verifier } from "../verifier/verifier.ts";
import { mergeHeaders } from "./merge-headers.ts";
import { toOpenStream } from "./open-stream.ts";
import { inspectNodeBody } from "./request-body.ts";
import { NodeRequestView } from "./request-view.ts";
import { rewriteBody } from "./response-body.ts";
import { watchHead } from "./response-head.ts";
import { pass, passError, type GuardedExchange } from "./pass.ts";
import { isAnswered, sendResponse } from "./send-response.ts";

/**
 * A request that the guard accepted. The MCP SDKs' transports read `auth` from it.
 * @example
 * ```ts
 * import type { GuardedRequest } from "mcp-keys";
 *
 * const caller = (request: GuardedRequest): string => request.auth.extra.keyName;
 * ```
 */
export type GuardedRequest = IncomingMessage & {
  /** The caller. `undefined` on one of `openPaths`. */
  auth: AuthInfo;
  /** With `toolScopes` or access records: the JSON that the guard read, unless a parser has set `body` before. */
  body?: unknown;
};

/**
 * Creates a guard for `node:http`, Express and connect. The guard accepts a request by setting `request.auth` and calling
 * `next`. It answers all other requests itself, before their body is read.
 * @returns a middleware that never throws
 * @throws `KeysError` `USAGE` if an option is unknown or invalid
 * @example
 * ```ts
 * import express from "express";
 * import { createVerifier, guardNode, openStore } from "mcp-keys";
 *
 * const verifier = await createVerifier({ store: await openStore() });
 * const app = express();
 * app.use("/mcp", guardNode(verifier));
 * ```
 */
export function guardNode(
  verifier: Verifier,
  options: GuardOptions = {},
): (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => unknown) => void {
  const guard = createGuard("guardNode", verifier, options);
  const report = (problem: string): void => verifier.report(problem);
  return (request, response, next) => {
    const exchange: GuardedExchange = { request, response, next, report };
    try {
      const view = new NodeRequestView(request);
      const result = guard.check(view);
      if (!(result instanceof Promise)) return finish(exchange, view, result);
      void result
        .then((late) => {
          if (!response.destroyed) finish(exchange, view, late);
        })
        .catch((cause: unknown) => passError(exchange, cause));
    } catch (cause) {
      passError(exchange, cause);
    }
  };
}

function finish(exchange: GuardedExchange, view: NodeRequestView, result: Admission | Rejection): void {
  const { request, response } = exchange;
  if (!result.ok) return sendResponse(request, response, result.response);
  // Another middleware has answered, for example because of a timeout.
  if (response.headersSent) return;
  applyAdmission(request, response, result);
  if (result.inspectBody === null) return start(exchange, view, result);
  void inspectNodeBody(request, view, result.inspectBody)
    .then((rejection) => {
      if (rejection === "aborted" || isAnswered(response)) return;
      if (rejection === null) start(exchange, view, result);
      else sendResponse(request, response, rejection.response);
    })
    .catch((cause: unknown) => passError(exchange, cause));
}

function start(exchange: GuardedExchange, { isHttp2 }: NodeRequestView, { follow }: Admission): void {
  const { request, response } = exchange;
  const rejection = follow === null ? null : follow(toOpenStream(response, isHttp2));
  if (rejection === null) pass(exchange);
  else sendResponse(request, response, rejection.response);
}

/** Sets `request.auth`, and prepares the server's response. */
export function applyAdmission(request: IncomingMessage, response: ServerResponse, admission: Admission): void {
  const { auth, headers, onHead, mayRewrite } = admission;
  (request as { auth?: AuthInfo }).auth = auth;
  if (onHead !== null) {
    if (mayRewrite) rewriteBody(response, onHead);
    else watchHead(response, onHead);
  }
  if (headers !== null) mergeHeaders(response, headers);
}
