import { legacyRequest, modernRequest } from "./mcp/planned-requests.ts";
import type { PlannedRequest } from "./mcp/planned-request.ts";
import { LEGACY_VERSION } from "./mcp/era-legacy.ts";
import { initializeRequest, rpcRequest } from "./mcp/rpc-message.ts";
import { isObject, objectAt, parseJson } from "./mcp/json.ts";
import type { Target } from "./target/target.ts";

const NAMES = ["access_token", "token", "api_key", "apiKey", "key"];

/** What a conversation over streamable HTTP begins with: the request that matters, or the handshake it needs. */
export function firstRequest({ greeting: { era, judged }, survey, clientInfo }: Target): PlannedRequest {
  if (era === "modern") return modernRequest(judged, clientInfo);
  return legacyRequest(
    survey.handshakeFree.includes("legacy") ? rpcRequest(judged) : initializeRequest(clientInfo, LEGACY_VERSION),
  );
}

/** The same message with a key in it under the usual names, beside its method or among its parameters. */
export function withMembers(planned: PlannedRequest, key: string, where: "message" | "parameters"): PlannedRequest {
  const parsed = parseJson(planned.body ?? "");
  const message = isObject(parsed) ? parsed : {};
  const members = membersOf(key);
  const body =
    where === "message"
      ? { ...message, ...members }
      : { ...message, params: { ...objectAt(message, "params"), ...members } };
  const name = where === "message" ? "a member of the message" : "a parameter of the message";
  return { ...planned, name, cacheKey: `${planned.cacheKey} with members of its ${where}`, body: JSON.stringify(body) };
}

/** A form with a key in it, or without one. @see RFC 6750, section 2.2 */
export function formOf(key: string | null): PlannedRequest {
  const fields = key === null ? { mcp: "keys" } : membersOf(key);
  const body = new URLSearchParams(fields).toString();
  const headers = { "content-type": "application/x-www-form-urlencoded", accept: "application/json" };
  const name = "a form";
  return {
    name,
    cacheKey: key === null ? "form without" : "form with",
    method: "POST",
    headers,
    body,
    grants: "nothing",
  };
}

function membersOf(key: string): Record<string, string> {
  return Object.fromEntries(NAMES.map((name) => [name, key]));
}
