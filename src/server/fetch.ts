import type { AuthInfo } from "./auth-info.ts";
import type { Answer } from "./challenge.ts";
import { createGuard, type GuardOptions } from "./guard.ts";
import type { RequestView } from "./present.ts";
import type { Verifier } from "./verifier.ts";

/** Let in, with who it is; or the response to return. */
export type FetchAdmission =
  { readonly ok: true; readonly auth: AuthInfo } | { readonly ok: false; readonly response: Response };

/**
 * A guard for servers made of `Request` and `Response` (Hono, Next.js, Workers, Deno, Bun). Reads no body.
 * ```ts
 * const guard = guardFetch(verifier);
 * const entry = await guard(request);
 * return entry.ok ? handler.fetch(request, { authInfo: entry.auth }) : entry.response;
 * ```
 * @throws `KeysError` `USAGE` when an option is unknown or makes no sense; the guard itself never rejects
 */
export function guardFetch(
  verifier: Verifier,
  options: GuardOptions = {},
): (request: Request) => Promise<FetchAdmission> {
  const guard = createGuard(verifier, options);
  return async (request) => {
    const admission = await guard.admit(viewOf(request, guard.apiKeyHeader));
    return admission.ok ? admission : { ok: false, response: toResponse(admission.answer, request.method) };
  };
}

function viewOf({ headers, url }: Request, apiKeyHeader: string): RequestView {
  const mark = url.indexOf("?");
  return {
    authorization: headers.get("authorization"),
    apiKey: headers.get(apiKeyHeader || "x-api-key"),
    query: mark < 0 ? "" : url.slice(mark + 1),
  };
}

function toResponse({ status, headers, body }: Answer, method: string): Response {
  return new Response(method === "HEAD" ? null : body, { status, headers });
}
