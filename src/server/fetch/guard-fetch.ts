import type { Answer } from "../guard/answer.ts";
import type { AuthInfo } from "../guard/auth-info.ts";
import { receiveRequest, rewriteResponse } from "./body.ts";
import { createGuard } from "../guard/guard.ts";
import type { GuardOptions } from "../guard/guard-options.ts";
import { TOO_LARGE } from "../guard/json-rpc.ts";
import type { Refusal } from "../guard/admission.ts";
import type { Verifier } from "../verifier/verifier.ts";
import type { RequestView } from "../guard/request-view.ts";

/**
 * Let in, with who it is; or the response to return.
 * @example
 * ```ts
 * import type { FetchAdmission, FetchGuard } from "mcp-keys";
 *
 * async function handle(guard: FetchGuard, request: Request): Promise<Response> {
 *   const admission: FetchAdmission = await guard(request);
 *   if (!admission.ok) return admission.response;
 *   return admission.finish(new Response(`hello ${admission.auth?.extra.keyName}`));
 * }
 * ```
 */
export type FetchAdmission =
  | {
      readonly ok: true;
      /** Absent on one of `openPaths`. */
      readonly auth: AuthInfo | undefined;
      /** To be handled in place of the one that came: with `toolScopes` the body of that one has been read. */
      readonly request: Request;
      /** Makes what is to be returned of the server's response. Sessions, tool lists and CORS hang on it. */
      finish(response: Response): Response;
    }
  | { readonly ok: false; readonly response: Response };

/**
 * What stands behind a guard.
 * @example
 * ```ts
 * import type { FetchHandler } from "mcp-keys";
 *
 * const handler: FetchHandler = (request, auth) => Response.json({ caller: auth?.clientId });
 * ```
 */
export type FetchHandler = (request: Request, auth: AuthInfo | undefined) => Response | Promise<Response>;

/**
 * With a handler the whole way, to the response; without one only the way in, for frameworks that call the handler.
 * @example
 * ```ts
 * import { Hono } from "hono";
 * import type { FetchGuard } from "mcp-keys";
 *
 * function createApp(guard: FetchGuard): Hono {
 *   const app = new Hono();
 *   app.all("/mcp", (c) => guard(c.req.raw, () => new Response("hello")));
 *   return app;
 * }
 * ```
 */
export interface FetchGuard {
  (request: Request, handler: FetchHandler): Promise<Response>;
  (request: Request): Promise<FetchAdmission>;
}

/**
 * A guard for servers made of `Request` and `Response` (Hono, Next.js, Workers, Deno, Bun).
 * ```ts
 * const guard = guardFetch(verifier);
 * app.all("/mcp", (c) => guard(c.req.raw, (request, auth) => handler.fetch(request, { authInfo: auth })));
 * ```
 * @throws `KeysError` `USAGE` when an option is unknown or makes no sense; the guard itself rejects only when the handler does
 * @example
 * ```ts
 * import { createVerifier, guardFetch, openStore } from "mcp-keys";
 *
 * const verifier = await createVerifier({ store: await openStore() });
 * const guard = guardFetch(verifier);
 *
 * export const fetch = (request: Request): Promise<Response> =>
 *   guard(request, (accepted, auth) => new Response(`hello ${auth?.extra.keyName}`));
 * ```
 */
export function guardFetch(verifier: Verifier, options: GuardOptions = {}): FetchGuard {
  const guard = createGuard(verifier, options);

  const refuse = ({ answer }: Refusal, { method }: Request): FetchAdmission => ({
    ok: false,
    response: toResponse(answer, method),
  });

  const admit = async (request: Request): Promise<FetchAdmission> => {
    const view = viewOf(request);
    const entry = await guard.enter(view);
    if (!entry.ok) return refuse(entry, request);
    const finish = (response: Response) => rewriteResponse(response, entry);
    if (entry.inspectBody === null || request.body === null) return { ok: true, auth: entry.auth, request, finish };
    const received = await receiveRequest(request, view);
    if (received === "too-large") return refuse({ ok: false, answer: TOO_LARGE }, request);
    const refusal = await entry.inspectBody(received.reading);
    return refusal === null
      ? { ok: true, auth: entry.auth, request: received.request, finish }
      : refuse(refusal, request);
  };

  const pass = async (request: Request, handler: FetchHandler): Promise<Response> => {
    const entry = await admit(request);
    return entry.ok ? entry.finish(await handler(entry.request, entry.auth)) : entry.response;
  };

  return ((request: Request, handler?: FetchHandler) =>
    handler === undefined ? admit(request) : pass(request, handler)) as FetchGuard;
}

function viewOf({ headers, url, method }: Request): RequestView {
  const mark = url.indexOf("?");
  return {
    method,
    get path() {
      return new URL(url).pathname;
    },
    get host() {
      return new URL(url).host;
    },
    query: mark < 0 ? "" : url.slice(mark + 1),
    header: (name) => headers.get(name),
  };
}

function toResponse({ status, headers, body }: Answer, method: string): Response {
  return new Response(method === "HEAD" || status === 204 ? null : body, { status, headers });
}
