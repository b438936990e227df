import type { IncomingMessage, ServerResponse } from "node:http";
import type { AuthInfo } from "../guard/auth-info.ts";
import { createGuard } from "../guard/guard.ts";
import type { GuardOptions } from "../guard/guard-options.ts";
import { NO_JSON, readBytes, readParsed, TOO_LARGE } from "../guard/json-rpc.ts";
import { watchAnswer } from "./response-body.ts";
import { setAuth } from "./node-auth.ts";
import { hasUnreadBody, receiveBody } from "./request-body.ts";
import { sendAnswer } from "./send-answer.ts";
import { NodeView } from "./request-view.ts";
import type { Admission, Refusal } from "../guard/admission.ts";
import type { Verifier } from "../verifier/verifier.ts";
import type { RequestView } from "../guard/request-view.ts";

/**
 * A request that a guard let in. The MCP SDKs' transports read `auth` from it.
 * @example
 * ```ts
 * import type { GuardedRequest } from "mcp-keys";
 *
 * const caller = (request: GuardedRequest): string => request.auth.extra.keyName;
 * ```
 */
export type GuardedRequest = IncomingMessage & {
  /** Who it is. `undefined` on one of `openPaths`. */
  auth: AuthInfo;
  /** With `toolScopes`: the JSON that was looked at, unless a parser put something there before. */
  body?: unknown;
};

/**
 * A guard for `node:http`, Express and connect. Lets a request in by setting `request.auth` and calling `next`; answers
 * every other itself, before its body is read.
 * ```ts
 * app.use("/mcp", guardNode(verifier));
 * createServer((req, res) => guard(req, res, () => transport.handleRequest(req, res)));
 * ```
 * @throws `KeysError` `USAGE` when an option is unknown or makes no sense; the guard itself never throws
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
    const view = new NodeView(request);
    const entry = guard.enter(view);
    if (entry instanceof Promise) void entry.then((late) => settle(request, response, next, view, late));
    else settle(request, response, next, view, entry);
  };
}

function settle(
  request: IncomingMessage,
  response: ServerResponse,
  next: () => unknown,
  view: RequestView,
  entry: Admission | Refusal,
): void {
  if (!entry.ok) return sendAnswer(request, response, entry.answer);
  welcome(request, response, entry);
  if (entry.inspectBody === null) return void next();
  void inspectNode(request, view, entry).then((refusal) => {
    if (refusal === null) next();
    else if (refusal !== "gone") sendAnswer(request, response, refusal.answer);
  });
}

/** Tells the server who it is, and prepares its answer. */
export function welcome(request: IncomingMessage, response: ServerResponse, admission: Admission): void {
  setAuth(request, admission.auth);
  if (admission.headers !== null) addHeaders(response, admission.headers);
  if (admission.onAnswer !== null) watchAnswer(response, admission.onAnswer, admission.mayRewrite);
}

function addHeaders(response: ServerResponse, headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) {
    if (name === "vary") response.appendHeader(name, value);
    else response.setHeader(name, value);
  }
}

/**
 * Looks at what a parser has left, and at what nobody has read yet: either may be what the server reads. Never rejects.
 * @param holder - whose `body` the parser has set
 */
export async function inspectNode(
  request: IncomingMessage,
  view: RequestView,
  { inspectBody }: Admission,
  holder: { body?: unknown } = request as { body?: unknown },
): Promise<Refusal | "gone" | null> {
  if (inspectBody === null) return null;
  try {
    const refusal = await inspectBody(readParsed(holder.body, view));
    if (refusal !== null || !hasUnreadBody(request)) return refusal;
    const bytes = await receiveBody(request);
    if (bytes === "gone") return "gone";
    if (bytes === "too-large") return { ok: false, answer: TOO_LARGE };
    const reading = readBytes(bytes, view);
    if (reading.ok && reading.body !== undefined) holder.body ??= reading.body;
    return await inspectBody(reading);
  } catch {
    // A platform whose `body` is parsed as it is read throws for what is no JSON.
    return { ok: false, answer: NO_JSON };
  }
}
