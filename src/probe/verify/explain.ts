import type { Redact } from "../mcp/redact.ts";
import { isObject, parseJson, textAt } from "../mcp/json.ts";
import { kindOf } from "../mcp/answer-kind.ts";
import { headerOf } from "../../http/http.ts";
import type { Conversation } from "../mcp/conversation.ts";
import type { McpAnswer } from "../mcp/wire.ts";

/** Where an answer came from and what it may be compared with. */
export interface ExplainContext {
  readonly url: URL;
  readonly redact: Redact;
  /** The status a request without a key got, if it got any. */
  readonly anonymous?: number;
}

/** Why a key was not let in, and what to do about it, in one line. */
export function explainFailure(conversation: Conversation, scene: ExplainContext): string {
  const { answer } = conversation;
  switch (kindOf(answer)) {
    case "unauthorized":
      return explainUnauthorized(answer, scene);
    case "forbidden":
      return explainForbidden(answer, scene);
    case "redirect":
      return explainRedirect(answer, scene);
    case "limited":
      return `the server limits the rate; try again ${retryAfter(answer, scene)}`;
    case "failed":
      return scene.anonymous === 401
        ? `the server fails at this key (${answer.status}) but not without one: its verifier throws on keys it does not know; see its log`
        : `the server failed with ${answer.status}${quote(answer, scene)}; see its log`;
    case "rpc-error":
    case "result":
    case "other":
      return conversation.server === null ? explainNotMcp(conversation, scene) : explainLost(conversation, scene);
  }
}

function explainUnauthorized(answer: McpAnswer, scene: ExplainContext): string {
  const challenge = headerOf(answer, "www-authenticate");
  const text = `${challenge ?? ""} ${answer.excerpt}`;
  const scheme = /^\s*([\w-]{1,40})/.exec(challenge ?? "Bearer")?.[1] ?? "Bearer";
  if (/no expiration time/i.test(text)) {
    return "the verifier of the server returns no expiresAt, which the official SDK refuses; return a far one, such as 253402300799";
  }
  if (/x-api-key/i.test(text)) {
    return "the server asks for the header X-API-Key; let it take Authorization: Bearer as well";
  }
  if (scheme.toLowerCase() !== "bearer") {
    return `the server asks for the scheme ${scene.redact(scheme)}; let it take Authorization: Bearer as well`;
  }
  if (/resource_metadata/i.test(text)) {
    return "the challenge points to an OAuth server; check that this server takes API keys too, and this key with: mcp-keys check";
  }
  if (challenge === undefined) {
    return "401 without a challenge does not tell what is wanted; check which header the server reads, and the key with: mcp-keys check";
  }
  return `the server does not take this key${quote(answer, scene)}; see what became of it with: mcp-keys check`;
}

function explainForbidden(answer: McpAnswer, scene: ExplainContext): string {
  const challenge = headerOf(answer, "www-authenticate") ?? "";
  if (/insufficient_scope/i.test(challenge)) {
    const scope = /\bscope="([\w:./ -]{1,200})"/i.exec(challenge)?.[1];
    return scope === undefined
      ? "the key lacks a scope that the server asks for"
      : `the key lacks a scope: the server asks for "${scene.redact(scope)}"; issue one with: mcp-keys generate --scope`;
  }
  if (scene.anonymous === 403 && challenge === "") {
    return "the server answers 403 with and without a key: most likely it refuses the Host or the Origin, not the key";
  }
  return `the server knows this key and forbids it, or says 403 to keys it does not know${quote(answer, scene)}; see its log`;
}

function explainRedirect(answer: McpAnswer, { url, redact }: ExplainContext): string {
  const location = headerOf(answer, "location") ?? "";
  const target = URL.canParse(location, url.href) ? new URL(location, url.href) : null;
  if (target === null || !/^https?:$/.test(target.protocol))
    return `the server redirects (${answer.status}) to nowhere`;
  // The query may hold what nobody should log.
  return `the server redirects to ${redact(target.origin + target.pathname)}, where the key was not sent; if you trust that address, use it`;
}

function explainNotMcp({ answer, supported }: Conversation, scene: ExplainContext): string {
  if (supported !== undefined && supported.length > 0) {
    return `the server speaks only MCP ${scene.redact(supported.slice(0, 8).join(", "))}, which this mcp-keys does not; look for a newer one`;
  }
  const observed = `${answer.status}${quote(answer, scene)}`;
  return scene.url.pathname === "/mcp"
    ? `nothing there answers in MCP (${observed}); check the host, the port and the path`
    : `nothing there answers in MCP (${observed}); check the path of the URL, MCP servers often answer at /mcp`;
}

function explainLost({ answer, server }: Conversation, scene: ExplainContext): string {
  if (answer.status === 404) {
    return "the session was unknown at the next request: do several instances answer without sharing sessions?";
  }
  const code = answer.reply?.error === undefined ? "" : ` and error ${answer.reply.error.code}`;
  return `the server answered ${server?.judged ?? "the request"} with ${answer.status}${code}${quote(answer, scene)}; see its log`;
}

/** When to try again, as `Retry-After` has it: seconds or a date. */
export function retryAfter(answer: McpAnswer, { redact }: Pick<ExplainContext, "redact">): string {
  const value = headerOf(answer, "retry-after");
  if (value === undefined) return "later";
  return /^\d{1,9}$/.test(value) ? `in ${value} s` : `after ${redact(value, 40)}`;
}

/** What the server itself says went wrong, if it says so in JSON. */
function quote({ reply, excerpt }: McpAnswer, { redact }: ExplainContext): string {
  const body = parseJson(excerpt);
  const said =
    reply?.error?.message ??
    (isObject(body)
      ? (textAt(body, "error_description") ?? textAt(body, "message") ?? textAt(body, "error"))
      : undefined);
  const text = redact(said ?? "", 120).replaceAll('"', "'");
  return text === "" ? "" : ` ("${text}")`;
}
