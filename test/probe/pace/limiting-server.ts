import type { HttpHeaders, HttpRequest, HttpResponse } from "../../../src/http/http.ts";

/** A server that allows `allowed` requests in each window, with its own idea of a window. */
export interface LimitingServer {
  readonly allowed: number;
  readonly windowMs: number;
  /** `fixed` starts a window with the first request, `sliding` looks back, `bucket` refills evenly. */
  readonly kind: "fixed" | "sliding" | "bucket";
  /** What it says about its limit: when to come back, how much is left, or nothing. */
  readonly says: "retry-after" | "remaining" | "nothing";
  readonly latencyMs: number;
}

/** Models the server on a clock that is passed in, and counts what it answered. */
export function modelServer(
  { allowed, windowMs, kind, says, latencyMs }: LimitingServer,
  { now, sleep }: { now: () => number; sleep: (ms: number) => Promise<void> },
): { readonly request: HttpRequest; readonly answers: { ok: number; limited: number } } {
  const answers = { ok: 0, limited: 0 };
  let granted: number[] = [];
  let windowStart = -Infinity;
  let used = 0;
  let level = { at: 0, tokens: allowed };

  /** Returns the milliseconds until it would grant a request, 0 if it does now, and how many are left. */
  function grant(): { wait: number; left: number } {
    const at = now();
    if (kind === "fixed") {
      if (at >= windowStart + windowMs) [windowStart, used] = [at, 0];
      if (used < allowed) return { wait: 0, left: allowed - ++used };
      return { wait: windowStart + windowMs - at, left: 0 };
    }
    if (kind === "sliding") {
      granted = granted.filter((each) => each > at - windowMs);
      if (granted.length < allowed) return { wait: 0, left: allowed - granted.push(at) };
      return { wait: (granted[0] ?? at) + windowMs - at, left: 0 };
    }
    const tokens = Math.min(allowed, level.tokens + ((at - level.at) * allowed) / windowMs);
    level = { at, tokens: tokens >= 1 ? tokens - 1 : tokens };
    return { wait: tokens >= 1 ? 0 : ((1 - tokens) * windowMs) / allowed, left: Math.floor(level.tokens) };
  }

  const request: HttpRequest = async () => {
    await sleep(latencyMs);
    const { wait, left } = grant();
    const isGranted = wait === 0;
    answers[isGranted ? "ok" : "limited"]++;
    const headers: HttpHeaders = {
      ...(says === "retry-after" && !isGranted && { "retry-after": [String(Math.ceil(wait / 1000))] }),
      ...(says === "remaining" && {
        ratelimit: [`limit=${String(allowed)}, remaining=${String(left)}, reset=${String(Math.ceil(windowMs / 1000))}`],
      }),
    };
    return responseOf(isGranted ? 401 : 429, headers);
  };
  return { request, answers };
}

export function responseOf(status: number, headers: HttpHeaders = {}): HttpResponse {
  return { status, headers: headers as HttpResponse["headers"], body: empty(), close: () => undefined };
}

async function* empty(): AsyncGenerator<string> {
  // No text.
}
