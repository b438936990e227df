import { KeysError } from "../../errors.ts";
import { headerOf } from "../../http/http.ts";
import { isInvalid, kindOf } from "../mcp/answer-kind.ts";
import type { Conversation } from "../mcp/conversation.ts";
import { BEARER, displayKeyHeader, formatKeyHeader, type KeyHeader } from "../mcp/key-header.ts";
import { isObject, parseJson, textAt } from "../mcp/json.ts";
import type { Redact } from "../../core/redact.ts";
import { readRetryAfter } from "../mcp/limit-headers.ts";
import { formatRoughTime } from "../mcp/rough-time.ts";
import type { McpAnswer } from "../mcp/wire.ts";
import type { Attempt } from "./attempt.ts";

/** What an explanation may refer to. */
export interface ExplainContext {
  readonly url: URL;
  /** The header that carried the key. */
  readonly header: KeyHeader;
  readonly redact: Redact;
  /** Status of the answer to a request without a key, if there was one. */
  readonly anonymous?: number | undefined;
  /** The header in which the server accepts the key. */
  readonly accepting?: KeyHeader | null;
}

/** Explains in one line why the server did not accept a key, and what to do about it. The same for `verify` and `test`. */
export function explainFailure(attempt: Attempt, context: ExplainContext): string {
  if (attempt instanceof KeysError) return `${context.redact(attempt.message, 300)}; ${attempt.hint}`;
  const { accepting } = context;
  return accepting ? nameHeader(accepting) : explainAnswer(attempt, context);
}

function nameHeader(accepting: KeyHeader): string {
  if (accepting === BEARER)
    return "the server accepts your key in Authorization: Bearer, which is the default; remove --header";
  const text = displayKeyHeader(accepting);
  const found = accepting.name === BEARER.name && accepting.scheme === null ? "Authorization without a scheme" : text;
  return `the server accepts your key in ${found}; add: --header ${text.includes(":") ? `'${text}'` : text}`;
}

function explainAnswer(conversation: Conversation, context: ExplainContext): string {
  const { answer } = conversation;
  switch (kindOf(answer)) {
    case "unauthorized":
      return explainUnauthorized(answer, context);
    case "forbidden":
      return explainForbidden(answer, context);
    case "redirect":
      return explainRedirect(answer, context);
    case "limited":
      return explainLimit(readRetryAfter(answer));
    case "failed":
      return context.anonymous === 401
        ? `the server answers ${answer.status} to this key, but 401 without one: its verifier probably throws on unknown keys; check the server's log`
        : `the server failed with ${answer.status}${quote(answer, context)}; ${inTime(answer)}check its log`;
    case "rpc-error":
    case "result":
    case "other":
      return conversation.server === null ? explainNotMcp(conversation, context) : explainLost(conversation, context);
  }
}

function explainUnauthorized(answer: McpAnswer, context: ExplainContext): string {
  const challenge = headerOf(answer, "www-authenticate");
  const text = `${challenge ?? ""} ${answer.excerpt}`;
  const scheme = /^\s*([\w-]{1,40})/.exec(challenge ?? "Bearer")?.[1] ?? "Bearer";
  if (/no expiration time/i.test(text)) {
    return "the server's verifier returns no expiresAt, which the official MCP SDK requires; return a distant one, such as 253402300799";
  }
  if (/x-api-key/i.test(text) && context.header.name !== "x-api-key") {
    return "the server asks for the key in X-API-Key; make it accept Authorization: Bearer too, or add: --header X-API-Key";
  }
  if (context.header !== BEARER) {
    const sent = formatKeyHeader(context.header);
    return `the server refuses this key${quote(answer, context)}; check it with: mcp-keys check, and make sure that the server reads it from the header ${sent}`;
  }
  if (scheme.toLowerCase() !== "bearer") {
    const name = context.redact(scheme);
    return `the server asks for the scheme ${name}; make it accept Authorization: Bearer too, or add: --header 'Authorization: ${name}'`;
  }
  if (/resource_metadata/i.test(text)) {
    return "the server refers clients to an OAuth server; make sure that it accepts API keys too, and check this key with: mcp-keys check";
  }
  if (challenge === undefined) {
    return "the server answered 401 without saying how to send a key; find out which header it reads and name it with --header, and check this key with: mcp-keys check";
  }
  return `the server refuses this key${quote(answer, context)}; check it with: mcp-keys check`;
}

function explainForbidden(answer: McpAnswer, context: ExplainContext): string {
  const challenge = headerOf(answer, "www-authenticate") ?? "";
  if (/insufficient_scope/i.test(challenge)) {
    const scope = /\bscope="([\w:./ -]{1,200})"/i.exec(challenge)?.[1];
    return scope === undefined
      ? "this key lacks a scope that the server requires; issue a key that has it with: mcp-keys generate --scope <scope>"
      : `this key lacks the scope "${context.redact(scope)}"; issue a key that has it with: mcp-keys generate --scope <scope>`;
  }
  if (context.anonymous === 403 && challenge === "") {
    return "the server answers 403 with and without a key, so it probably refuses the Host or Origin header; check which hosts it allows";
  }
  return `the server answers 403 to this key${quote(answer, context)}: the key lacks a permission, or the server does not know it; check the server's log`;
}

function explainRedirect(answer: McpAnswer, { url, redact }: ExplainContext): string {
  const location = headerOf(answer, "location") ?? "";
  const target = URL.canParse(location, url.href) ? new URL(location, url.href) : null;
  if (target === null || !/^https?:$/.test(target.protocol)) {
    return `the server redirects (${answer.status}) without a usable Location; check the URL`;
  }
  // Without the query, which may contain a secret.
  return `the server redirects to ${redact(target.origin + target.pathname)}, where the key was not sent; if you trust that URL, use it instead`;
}

function explainNotMcp({ answer, supported }: Conversation, context: ExplainContext): string {
  if (supported !== undefined && supported.length > 0) {
    return `the server supports only MCP ${context.redact(supported.slice(0, 8).join(", "))}, which this mcp-keys does not speak; update mcp-keys`;
  }
  const observed = `${answer.status}${quote(answer, context)}`;
  if (isInvalid(answer)) {
    return `no MCP server answers at this URL (${observed}); check the path, and whether the server reads the key from another header, which --header names`;
  }
  return context.url.pathname === "/mcp"
    ? `no MCP server answers at this URL (${observed}); check the host, the port and the path`
    : `no MCP server answers at this URL (${observed}); check the path: MCP servers often answer at /mcp`;
}

function explainLost({ answer, server }: Conversation, context: ExplainContext): string {
  if (answer.status === 404) {
    return "the server forgot the session before the next request (404); if it runs several instances, let them share sessions";
  }
  const code = answer.reply?.error === undefined ? "" : ` and error ${answer.reply.error.code}`;
  return `the server answered ${server?.judged ?? "the request"} with ${answer.status}${code}${quote(answer, context)}; check its log`;
}

/**
 * Says that the server limits the rate, and when to try again. The same for `verify` and `test`.
 * @param retryMs - Milliseconds, if the server said so.
 */
export function explainLimit(retryMs: number | null): string {
  return `the server limits the rate of requests (429); try again ${retryTime(retryMs)}`;
}

/** Completes "try again …". */
export function retryTime(retryMs: number | null): string {
  return retryMs === null ? "later" : `in ${formatRoughTime(retryMs / 1000)}`;
}

function inTime(answer: McpAnswer): string {
  const retryMs = readRetryAfter(answer);
  return retryMs === null ? "" : `try again ${retryTime(retryMs)}, or `;
}

/** Quotes the server's own error message, if its answer is JSON and has one. */
function quote({ reply, excerpt }: McpAnswer, { redact }: ExplainContext): string {
  const body = parseJson(excerpt);
  const message =
    reply?.error?.message ??
    (isObject(body)
      ? (textAt(body, "error_description") ??
        textAt(body, "message") ??
        textAt(body, "detail") ??
        textAt(body, "error"))
      : undefined);
  const text = redact(message ?? "", 120).replaceAll('"', "'");
  return text === "" ? "" : ` ("${text}")`;
}
