import type { AuthInfo } from "../guard/auth-info.ts";
import { createGuard } from "../guard/guard.ts";
import type { GuardOptions } from "../guard/guard-options.ts";
import type { GuardResponse } from "../guard/guard-response.ts";
import type { Verifier } from "../verifier/verifier.ts";
import { finishResponse } from "./finish-response.ts";
import { receiveRequest } from "./receive-request.ts";
import { FetchRequestView } from "./request-view.ts";

/**
 * The result of a {@link FetchGuard}: an accepted request, or the response that refuses it.
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
      /** The caller. `undefined` on one of `openPaths`. */
      readonly auth: AuthInfo | undefined;
      /** Handle this request instead of the original: the guard may have read the original's body. */
      readonly request: Request;
      /**
       * Returns the response to send. Needed for sessions, tool lists and CORS, and to end streams. If the key has stopped being valid
       * since the request was accepted, that is the refusal.
       */
      finish(response: Response): Response;
    }
  | { readonly ok: false; readonly response: Response };

/**
 * Handles an accepted request. `auth` is `undefined` on one of `openPaths`.
 * @example
 * ```ts
 * import type { FetchHandler } from "mcp-keys";
 *
 * const handler: FetchHandler = (request, auth) => Response.json({ caller: auth?.clientId });
 * ```
 */
export type FetchHandler = (request: Request, auth: AuthInfo | undefined) => Response | Promise<Response>;

/**
 * A guard made by {@link guardFetch}. With a handler it returns the response. Without one it returns a
 * {@link FetchAdmission}, for frameworks that call the handler themselves.
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
  (request: Request, handler: FetchHandler, more?: FetchGuardInput): Promise<Response>;
  (request: Request, more?: FetchGuardInput): Promise<FetchAdmission>;
}

/**
 * What a {@link FetchGuard} cannot find in the request itself.
 * @example
 * ```ts
 * import { Hono } from "hono";
 * import type { FetchGuard, FetchGuardInput } from "mcp-keys";
 *
 * function createApp(guard: FetchGuard): Hono {
 *   const app = new Hono();
 *   app.post("/mcp", async (c) => {
 *     const input: FetchGuardInput = { parsedBody: await c.req.json() };
 *     return guard(c.req.raw, () => new Response("hello"), input);
 *   });
 *   return app;
 * }
 * ```
 */
export interface FetchGuardInput {
  /** With `toolScopes`, `onAccess` or `accessLog`: the body, if it was read before the guard, as a value, text or bytes. Let the handler use the same. */
  readonly parsedBody?: unknown;
  /** With `onAccess` or `accessLog`: the address of the other end of the connection, as the host knows it. */
  readonly address?: string;
}

/**
 * Creates a guard for servers that use `Request` and `Response`: Hono, Next.js, Workers, Deno, Bun.
 * @returns a guard that rejects only if the handler does
 * @throws `KeysError` `USAGE` if an option is unknown or invalid
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
  const guard = createGuard("guardFetch", verifier, options);

  const admit = async (request: Request, more: FetchGuardInput = {}): Promise<FetchAdmission> => {
    const refuse = (response: GuardResponse) =>
      ({ ok: false, response: toResponse(response, request.method) }) as const;
    const view = new FetchRequestView(request, more.address ?? null);
    const checked = guard.check(view);
    const result = checked instanceof Promise ? await checked : checked;
    if (!result.ok) return refuse(result.response);
    const finish = (response: Response): Response => {
      const rejection = result.follow?.(null) ?? null;
      if (rejection === null) return finishResponse(response, result);
      // A body that somebody reads cannot be cancelled.
      response.body?.cancel().catch(() => undefined);
      return toResponse(rejection.response, request.method);
    };
    if (result.inspectBody === null) return { ok: true, auth: result.auth, request, finish };
    const received = await receiveRequest(request, view, more.parsedBody);
    const rejection = await result.inspectBody(received.parsed);
    if (rejection !== null) {
      void received.request.body?.cancel().catch(() => undefined);
      return refuse(rejection.response);
    }
    return { ok: true, auth: result.auth, request: received.request, finish };
  };

  const handle = async (request: Request, handler: FetchHandler, more?: FetchGuardInput): Promise<Response> => {
    const admission = await admit(request, more);
    if (!admission.ok) return admission.response;
    return admission.finish(await handler(admission.request, admission.auth));
  };

  return ((request: Request, handlerOrMore?: FetchHandler | FetchGuardInput, more?: FetchGuardInput) =>
    typeof handlerOrMore === "function"
      ? handle(request, handlerOrMore, more)
      : admit(request, handlerOrMore)) as FetchGuard;
}

function toResponse({ status, headers, body }: GuardResponse, method: string): Response {
  // A copy: Hono's adapter for Node adds Content-Length to the object, and refusals share theirs.
  return new Response(method === "HEAD" || status === 204 ? null : body, { status, headers: { ...headers } });
}
