import type { IncomingMessage, ServerResponse } from "node:http";
import type { Admission, Rejection } from "../guard/admission.ts";
import type { AuthInfo } from "../guard/auth-info.ts";
import { createGuard } from "../guard/guard.ts";
import type { GuardOptions } from "../guard/guard-options.ts";
import type { RequestView } from "../guard/request-view.ts";
import type { Verifier } from "../verifier/verifier.ts";
import { inspectNodeBody } from "./request-body.ts";
import { NodeRequestView } from "./request-view.ts";
import { rewriteBody } from "./response-body.ts";
import { watchHead } from "./response-head.ts";
import { sendResponse } from "./send-response.ts";

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
  /** With `toolScopes`: the JSON that the guard read, unless a parser has set `body` before. */
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
): (request: IncomingMessage, response: ServerResponse, next: () => unknown) => void {
  const guard = createGuard(verifier, options);
  return (request, response, next) => {
    const view = new NodeRequestView(request);
    const result = guard.check(view);
    if (result instanceof Promise) void result.then((late) => finish(request, response, next, view, late));
    else finish(request, response, next, view, result);
  };
}

function finish(
  request: IncomingMessage,
  response: ServerResponse,
  next: () => unknown,
  view: RequestView,
  result: Admission | Rejection,
): void {
  if (!result.ok) return sendResponse(request, response, result.response);
  applyAdmission(request, response, result);
  if (result.inspectBody === null) return void next();
  void inspectNodeBody(request, view, result.inspectBody).then((rejection) => {
    if (rejection === null) next();
    else if (rejection !== "aborted") sendResponse(request, response, rejection.response);
  });
}

/** Sets `request.auth`, and prepares the server's response. */
export function applyAdmission(request: IncomingMessage, response: ServerResponse, admission: Admission): void {
  const { auth, headers, onHead, mayRewrite } = admission;
  (request as { auth?: AuthInfo }).auth = auth;
  if (headers !== null) addHeaders(response, headers);
  if (onHead === null) return;
  if (mayRewrite) rewriteBody(response, onHead);
  else watchHead(response, onHead);
}

function addHeaders(response: ServerResponse, headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) {
    if (name === "vary") response.appendHeader(name, value);
    else response.setHeader(name, value);
  }
}
