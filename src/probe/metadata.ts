import { NOTHING } from "./mcp/credentials.ts";
import type { PlannedRequest } from "./mcp/planned-request.ts";
import { isObject, parseJson, textAt, type JsonObject } from "./mcp/json.ts";
import { kindOf } from "./mcp/answer-kind.ts";
import type { Target } from "./target/target.ts";

/**
 * Reads metadata of the site's own origin, without a key. Many servers answer every path with a page, so only a JSON object that
 * has the text `member` is believed; otherwise what there is instead, in a few words.
 */
export async function fetchDocument(target: Target, path: string, member: string): Promise<JsonObject | string> {
  const seen = await target.exchange(planned(path), NOTHING);
  if (!("status" in seen)) return target.redact(seen.message);
  const { status, excerpt } = seen;
  if (status !== 200) return kindOf(seen) === "redirect" ? `a redirect (${String(status)})` : String(status);
  const document = parseJson(excerpt);
  return isObject(document) && textAt(document, member) !== undefined
    ? document
    : `${String(status)} without "${member}" in JSON`;
}

/**
 * Where metadata about an address stand: for it and, where it has a path, for the whole origin.
 * @see RFC 9728, section 3.1; RFC 8414, section 3.1
 */
export function wellKnown({ pathname }: URL, name: string): string[] {
  const root = `/.well-known/${name}`;
  const path = pathname.replace(/\/$/, "");
  return path === "" ? [root] : [`${root}${path}`, root];
}

/** Whether metadata for `resource` are about a URL: its own, or of a path above it. */
export function coversUrl(resource: string, url: URL): boolean {
  if (!URL.canParse(resource)) return false;
  const { origin, pathname } = new URL(resource);
  const path = pathname.replace(/\/$/, "");
  return origin === url.origin && (url.pathname === path || url.pathname.startsWith(`${path}/`));
}

function planned(path: string): PlannedRequest {
  const headers = { accept: "application/json" };
  return { name: `GET ${path}`, cacheKey: `metadata ${path}`, method: "GET", path, headers, grants: "nothing" };
}
