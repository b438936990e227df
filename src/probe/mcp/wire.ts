import { KeysError } from "../../errors.ts";
import type { Credentials } from "./credentials.ts";
import type { PlannedRequest } from "./planned-request.ts";
import { isEventStream, readReply, type AnswerContent, staysOpen } from "./reply.ts";
import { headerOf, type HttpHeaders, type HttpInit, type HttpRequest, type HttpResponse } from "../../http/http.ts";

/** What came of one exchange: the status, the time to the end of the reply, and the reply. */
export interface McpAnswer extends AnswerContent, Pick<HttpResponse, "status" | "headers" | "tls"> {
  readonly ms: number;
  /** Of an event stream that nothing was asked of. */
  readonly stream?: "open" | "ended";
}

export interface WireOptions {
  readonly url: URL;
  readonly request: HttpRequest;
  /** What every request of this wire presents. */
  readonly credentials: Credentials;
  /** Another way to the same place. */
  readonly detour?: Detour;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
  /** On that clock: when all exchanges must be over. */
  readonly deadline?: number;
  /** Milliseconds for each exchange. */
  readonly timeoutMs?: number;
  readonly clientVersion: string;
  /** Told of every answer that was read, and of all that was sent for it; a function, so that nothing prints a secret. */
  readonly onAnswer?: (answer: McpAnswer, credentials: Credentials, sent: () => string) => void;
  readonly signal?: AbortSignal;
}

/** Of every message to the URL of the server, what is sent in place of its path and of `POST`, as it stands. */
export interface Detour {
  /** Names it in findings, and tells it from all others of a run. */
  readonly name: string;
  readonly path?: string;
  readonly method?: HttpInit["method"];
}

/** As servers are told it. */
export interface ClientInfo {
  readonly name: string;
  readonly version: string;
}

/** A JSON-RPC message without its envelope; one without `id` is a notification. */
export interface RpcMessage {
  readonly id?: string;
  readonly method: string;
  readonly params?: Readonly<Record<string, unknown>>;
}

/** Of an answer whose reply is not read: nothing is to come, or a stream that stays open. */
const UNREAD: AnswerContent = { reply: null, excerpt: "" };

/** How long the body of a refusal is waited for: the status already says what matters, the text only helps to explain it. */
const REFUSAL_MS = 1000;

/** One thing presented to one server: MCP over HTTP, one exchange at a time, all presenting the same. */
export class Wire {
  readonly url: URL;
  readonly clientInfo: ClientInfo;
  readonly #options: WireOptions;
  readonly #sent = new WeakMap<HttpResponse, () => string>();

  constructor(options: WireOptions) {
    this.url = options.url;
    this.clientInfo = { name: "mcp-keys", version: options.clientVersion };
    this.#options = options;
  }

  /** Milliseconds that are left for the next exchange. */
  left(): number {
    const { deadline = Infinity, timeoutMs = Infinity, now } = this.#options;
    return Math.min(deadline - now(), timeoutMs);
  }

  now(): number {
    return this.#options.now();
  }

  /** Posts a message and reads the reply, to the URL of the server or to another of the same origin. */
  async post(message: RpcMessage, headers: HttpHeaders = {}, url = this.url): Promise<McpAnswer> {
    const started = this.#options.now();
    const { path, method = "POST" } = (url === this.url ? this.#options.detour : undefined) ?? {};
    const response = await this.#send({
      ...{ url, path, method },
      headers: { "content-type": "application/json", accept: "application/json, text/event-stream", ...headers },
      body: JSON.stringify({ jsonrpc: "2.0", ...message }),
    });
    return this.#answer(response, message.id ?? null, started);
  }

  /** Opens the event stream of HTTP+SSE. An answer that is no stream can be read with {@link Wire.finish}. */
  open(): Promise<HttpResponse> {
    const path = this.#options.detour?.path;
    return this.#send({ url: this.url, path, method: "GET", headers: { accept: "text/event-stream" } });
  }

  /** Reads an answer that {@link Wire.open} returned, as one to no message of ours. */
  finish(response: HttpResponse): Promise<McpAnswer> {
    return this.#answer(response, null, this.#options.now());
  }

  /** Runs an errand. Of an event stream that nothing was asked of is seen whether it stays open. */
  async exchange({ headers = {}, id, timeoutMs, ...planned }: PlannedRequest): Promise<McpAnswer> {
    const started = this.#options.now();
    const { method, path, body, announce, maxTls } = planned;
    const response = await this.#send({ url: this.url, path, method, headers, body, announce, maxTls }, timeoutMs);
    if (id === undefined && response.status < 300 && isEventStream(response)) {
      const head = { ...headOf(response), ms: this.#since(started), ...UNREAD };
      return this.#told(response, { ...head, stream: (await staysOpen(response)) ? "open" : "ended" });
    }
    return this.#answer(response, id ?? "", started);
  }

  /** Ends a session. Good manners, so nothing depends on it: servers may answer 405, or never. */
  async end(headers: HttpHeaders): Promise<void> {
    try {
      const response = await this.#send({ url: this.url, method: "DELETE", headers }, 1000);
      response.close();
    } catch (error) {
      if (!(error instanceof KeysError) || error.code === "INTERRUPTED") throw error;
    }
  }

  async #send(init: Omit<HttpInit, "timeoutMs">, limit = Infinity): Promise<HttpResponse> {
    const { credentials, request, signal } = this.#options;
    if (init.url.origin !== this.url.origin) throw new KeysError("BUG", "a request was to leave the origin of the URL");
    const common = {
      "accept-encoding": "identity",
      "user-agent": `${this.clientInfo.name}/${this.clientInfo.version}`,
    };
    const headers = { ...common, ...init.headers, ...credentials.headers() };
    const timeoutMs = Math.max(1, Math.min(limit, this.left()));
    const sent = { ...init, ...withQuery(init, credentials), headers };
    const response = await request({ ...sent, timeoutMs, signal });
    this.#sent.set(response, () => [sent.url.href, sent.path, ...Object.values(headers).flat(), sent.body].join("\n"));
    return response;
  }

  async #answer(response: HttpResponse, id: string | null, started: number): Promise<McpAnswer> {
    const reading = await readAnswer(response, id);
    return this.#told(response, { ...headOf(response), ms: this.#since(started), ...reading });
  }

  #told(response: HttpResponse, answer: McpAnswer): McpAnswer {
    this.#options.onAnswer?.(answer, this.#options.credentials, this.#sent.get(response) ?? ((): string => ""));
    return answer;
  }

  #since(started: number): number {
    return Math.round(this.#options.now() - started);
  }
}

function headOf({ status, headers, tls }: HttpResponse): Pick<McpAnswer, "status" | "headers" | "tls"> {
  return { status, headers, tls };
}

/** The address of a request that presents something in the query. */
function withQuery(
  { url, path }: Pick<HttpInit, "url" | "path">,
  { query }: Credentials,
): Pick<HttpInit, "url" | "path"> {
  if (query === undefined) return { url, path };
  const added = new URLSearchParams({ ...query() }).toString();
  const target = path ?? url.pathname + url.search;
  return { url, path: `${target}${target.includes("?") ? "&" : "?"}${added}` };
}

async function readAnswer(response: HttpResponse, id: string | null): Promise<AnswerContent> {
  if (response.status >= 300) return readRefusal(response, id ?? "");
  if (id !== null && response.status !== 202) return readFully(response, id);
  // A stream left open would be waited for in vain.
  response.close();
  return UNREAD;
}

async function readFully(response: HttpResponse, id: string): Promise<AnswerContent> {
  const encoding = headerOf(response, "content-encoding") ?? "identity";
  if (encoding.toLowerCase() === "identity") return readReply(response, id);
  response.close();
  throw new KeysError("SERVER_NOT_MCP", "the answer is compressed although plain text was asked for", {
    hint: "make the proxy in front of the server honour Accept-Encoding: identity",
  });
}

async function readRefusal(response: HttpResponse, id: string): Promise<AnswerContent> {
  const timer = setTimeout(() => response.close(), REFUSAL_MS);
  try {
    return await readReply(response, id);
  } catch (error) {
    if (error instanceof KeysError && error.code !== "INTERRUPTED") return UNREAD;
    throw error;
  } finally {
    clearTimeout(timer);
    response.close();
  }
}
