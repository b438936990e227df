import { KeysError } from "../../errors.ts";
import { headerOf } from "../../http/http.ts";
import type { Tried } from "../check-result.ts";
import type { Conversation } from "../mcp/conversation.ts";
import type { PresentedKey } from "../mcp/presented-key.ts";
import type { McpAnswer, SentRequest } from "../mcp/wire.ts";
import type { ExchangeResult, RecordedAnswer, Target } from "../target/target.ts";
import type { Attempt } from "../verify/attempt.ts";

/** One thing that a check tried, and its result. */
export interface TriedResult {
  /** Completes "answered … to …". Contains no secret. */
  readonly what: string;
  readonly result: Attempt | ExchangeResult;
  /** Whether the server accepted what it should refuse. */
  readonly shows: boolean;
}

/** Finding the same fault more often adds nothing to the first requests that show it. */
const MOST_EVIDENCE = 3;
/** Characters of a body that are shown. */
const BODY_LIMIT = 600;

/** Notes what was tried and what answered, with the requests and answers that show the fault. */
export function noteTried(target: Target, results: readonly TriedResult[]): Tried[] {
  let shown = 0;
  return results.map(({ what, result, shows }) => {
    const note = { what, answer: describe(result, shows, target) };
    return shows && ++shown <= MOST_EVIDENCE ? { ...note, ...evidenceOf(target, result) } : note;
  });
}

/** Returns the request and the answer as text without secrets, or nothing if they were not recorded. */
export function evidenceOf(target: Target, result: Attempt | ExchangeResult): Pick<Tried, "sent" | "received"> {
  if (result instanceof KeysError) return {};
  const answer = answerOf(result);
  // Over HTTP+SSE the reply arrives in a stream, so only the headers are those of the recorded answer.
  const recorded = target.recorded.find((each) => each.answer.headers === answer.headers);
  if (recorded === undefined) return {};
  return { sent: showSent(target, recorded), received: showReceived(target, { ...recorded, answer }) };
}

function answerOf(result: Conversation | McpAnswer): McpAnswer {
  return "answer" in result ? result.answer : result;
}

function describe(result: Attempt | ExchangeResult, accepted: boolean, { redact }: Target): string {
  if (result instanceof KeysError) return `no answer: ${redact(result.message, 100)}`;
  const { status, reply } = answerOf(result);
  if (accepted) return `accepted (${String(status)})`;
  return status < 300 && reply?.error !== undefined ? `${String(status)} with an error` : String(status);
}

/** Headers of every request, which tell nothing. */
const USUAL = /^(?:accept-encoding:|user-agent: mcp-keys\/)/i;

function showSent({ url, header, redact }: Target, { presented, sent }: RecordedAnswer): string {
  const request = sent();
  const own = presented.plain === true ? [] : Object.keys(presented.headers()).map((name) => name.toLowerCase());
  const schemes = [
    "bearer",
    "basic",
    "token",
    "apikey",
    ...(header.scheme === null ? [] : [header.scheme.toLowerCase()]),
  ];
  const shown = Object.entries({ host: url.host, ...request.headers }).flatMap(([name, value]) =>
    [value].flat().map((each) => {
      if (/^mcp-session-id$/i.test(name)) return `${title(name)}: <session>`;
      if (!own.includes(name.toLowerCase())) return `${title(name)}: ${each}`;
      return `${title(name)}: ${nameKeyIn(name, each, presented, schemes)}`;
    }),
  );
  const lines = shown.filter((line) => !USUAL.test(line));
  const head = [`${request.method} ${pathOf(request, presented)} HTTP/1.1`, ...lines].map((line) => redact(line));
  return withBody(head, request.body ?? "", redact);
}

/** Returns a header that carries a key, with the name of the key in its place. */
function nameKeyIn(header: string, value: string, presented: PresentedKey, schemes: readonly string[]): string {
  const name = nameOf(presented);
  if (header.toLowerCase() === "cookie") return value.replace(/=[^;]*/g, `=${name}`);
  const [scheme = ""] = value.split(" ");
  return schemes.includes(scheme.toLowerCase()) ? `${scheme} ${name}` : name;
}

function pathOf({ url, path }: SentRequest, presented: PresentedKey): string {
  let shown = path ?? url.pathname + url.search;
  for (const name of Object.keys(presented.query?.() ?? {})) {
    const at = shown.lastIndexOf(`${name}=`);
    if (at >= 0) shown = shown.slice(0, at) + shown.slice(at).replace(/=[^&]*/, `=${nameOf(presented)}`);
  }
  return shown.replace(/(session_?id=)[^&]*/gi, "$1<session>");
}

/** `<your key>` · `<a bogus key>` · `<your key with its last character changed>` */
function nameOf({ kind, name }: PresentedKey): string {
  return kind === "wrong"
    ? `<${name.replace(/ (?:in the query|in a cookie|as the|after|without a) .*/, "")}>`
    : "<your key>";
}

/** Headers that explain an answer. The others may change with every answer, or contain secrets. */
const TELLING = [
  ...["content-type", "www-authenticate", "location", "allow", "retry-after", "server", "x-powered-by", "upgrade"],
  ...["access-control-allow-origin", "access-control-allow-credentials", "mcp-protocol-version"],
];

function showReceived({ redact }: Target, { answer, presented }: RecordedAnswer): string {
  // A server may repeat a key that differs from yours in one character.
  const show = (text: string, limit?: number): string => redact(nameKeysIn(text, presented), limit);
  const head = [`HTTP/1.1 ${String(answer.status)}`];
  for (const name of TELLING) {
    const value = headerOf(answer, name);
    if (value !== undefined) head.push(show(`${title(name)}: ${value}`));
  }
  if (headerOf(answer, "mcp-session-id") !== undefined) head.push("Mcp-Session-Id: <session>");
  return withBody(head, answer.excerpt, show);
}

/** Replaces the presented key wherever the text repeats it. */
function nameKeysIn(text: string, presented: PresentedKey): string {
  if (presented.plain === true) return text;
  const values = [...Object.values(presented.headers()), ...Object.values(presented.query?.() ?? {})].flat();
  const keys = values.flatMap((value) => value.split(/[\s;,=]+/)).filter((key) => key.length >= 8);
  return keys.reduce((masked, key) => masked.replaceAll(key, nameOf(presented)), text);
}

function withBody(head: readonly string[], body: string, redact: Target["redact"]): string {
  return body === "" ? head.join("\n") : `${head.join("\n")}\n\n${redact(body, BODY_LIMIT)}`;
}

function title(name: string): string {
  return name.replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase());
}
