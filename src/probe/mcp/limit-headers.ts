import { headerOf, type HttpResponse } from "../../http/http.ts";

/** What a server announces about its limit. */
export interface AnnouncedLimit {
  /** Requests left in this window. */
  readonly remaining: number;
  /** Milliseconds until the window ends; `null` if the server does not say. */
  readonly resetMs: number | null;
}

type Headers = Pick<HttpResponse, "headers">;

/** Numbers above this are a time since 1970, not a number of seconds. */
const LONGEST_SECONDS = 1e8;

/**
 * Reads `RateLimit` (`limit=10, remaining=4, reset=50` or `"default";r=4;t=50`), `RateLimit-Remaining` and `X-RateLimit-Remaining`.
 * @see https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/
 */
export function readAnnouncedLimit(response: Headers): AnnouncedLimit | null {
  const combined = headerOf(response, "ratelimit") ?? "";
  const inCombined = (...names: string[]): string | undefined =>
    new RegExp(`(?:^|[;,\\s])(?:${names.join("|")})=(\\d{1,15})\\b`, "i").exec(combined)?.[1];
  const named = (name: string): string | undefined =>
    ["ratelimit", "x-ratelimit", "x-rate-limit"].map((each) => headerOf(response, `${each}-${name}`)).find(isNumber);
  const remaining = inCombined("remaining", "r") ?? named("remaining");
  if (remaining === undefined) return null;
  const reset = inCombined("reset", "t") ?? named("reset");
  return { remaining: Number(remaining), resetMs: reset === undefined ? null : untilReset(response, Number(reset)) };
}

/** Returns `Retry-After` in milliseconds, or `null`. A date is compared with the clock of the server. */
export function readRetryAfter(response: Headers): number | null {
  const value = headerOf(response, "retry-after")?.trim() ?? "";
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  const wait = /[a-z]/i.test(value) ? Date.parse(value) - dateOf(response) : NaN;
  return Number.isNaN(wait) ? null : Math.max(wait, 0);
}

/** The reset is in seconds, or a time since 1970 in seconds or milliseconds. */
function untilReset(response: Headers, reset: number): number | null {
  if (reset < LONGEST_SECONDS) return Math.ceil(reset * 1000);
  const at = reset < LONGEST_SECONDS * 1000 ? reset * 1000 : reset;
  const wait = at - dateOf(response);
  return Number.isNaN(wait) ? null : Math.max(wait, 0);
}

function dateOf(response: Headers): number {
  return Date.parse(headerOf(response, "date") ?? "");
}

function isNumber(value: string | undefined): value is string {
  return value !== undefined && /^\d{1,15}(?:\.\d+)?$/.test(value);
}
