import { KeysError } from "../../errors.ts";
import type { HttpHeaders, HttpInit, HttpRequest, HttpResponse } from "../../http/http.ts";
import type { PresentedKey } from "./presented-key.ts";
import type { PlannedRequest } from "./planned-request.ts";
import { readAnswer, UNREAD } from "./read-answer.ts";
import { ANY_ID, isEventStream, staysOpen, type AnswerContent } from "./reply.ts";
import { rpcRequest, type ClientInfo, type RpcMessage } from "./rpc-message.ts";
import { vary, type Variation } from "./variation.ts";
import { framesFor } from "./websocket.ts";

/** Answer to one HTTP request to an MCP server. */
export interface McpAnswer extends AnswerContent, Pick<HttpResponse, "status" | "headers" | "tls"> {
  /** Milliseconds until the reply was read. */
  readonly ms: number;
  /** Whether an unsolicited event stream stayed open. */
  readonly stream?: "open" | "ended";
}

export interface WireOptions {
  readonly url: URL;
  readonly request: HttpRequest;
  /** Presented with every request. */
  readonly presented: PresentedKey;
  /** Sends messages another way. */
  readonly variation?: Variation;
  /** The key of the request that {@link Variation.reuse} sends first. */
  readonly earlier?: PresentedKey;
  /** Monotonic clock, in milliseconds. */
  readonly now: () => number;
  /** Time on that clock by which all exchanges must end. */
  readonly deadline?: number;
  /** Milliseconds for each exchange. */
  readonly timeoutMs?: number;
  /** Milliseconds for the first exchange, if less than for the others. */
  readonly firstMs?: number;
  readonly clientVersion: string;
  /** Called with every answer. `sent` returns the request; a function, because it contains a secret. */
  readonly onAnswer?: (answer: McpAnswer, presented: PresentedKey, sent: () => SentRequest) => void;
  readonly signal?: AbortSignal;
  /** Returns when the request of a response was sent, if it had to wait for its turn. */
  readonly sentAt?: (response: HttpResponse) => number | undefined;
}

/** A request as it was sent, secrets included. */
export interface SentRequest extends Pick<HttpInit, "url" | "path" | "method" | "headers"> {
  /** Only text. */
  readonly body?: string;
}

/** Speaks MCP over HTTP to one server with a fixed key, one exchange at a time. */
export class Wire {
  readonly url: URL;
  readonly clientInfo: ClientInfo;
  readonly #options: WireOptions;
  #isFirst = true;
  readonly #sent = new WeakMap<HttpResponse, () => SentRequest>();

  constructor(options: WireOptions) {
    this.url = options.url;
    this.clientInfo = { name: "mcp-keys", version: options.clientVersion };
    this.#options = options;
  }

  /** Returns the milliseconds left for the next exchange. */
  timeLeft(): number {
    const { deadline = Infinity, timeoutMs = Infinity, now } = this.#options;
    return Math.min(deadline - now(), timeoutMs);
  }

  /** Returns a connection whose first exchange takes at most this part of the time until the deadline. */
  sharingTime(part: number): Wire {
    const { deadline, now } = this.#options;
    return deadline === undefined ? this : new Wire({ ...this.#options, firstMs: (deadline - now()) * part });
  }

  /** Returns a connection whose exchanges must all end in this many milliseconds. */
  within(ms: number): Wire {
    const { deadline = Infinity, now } = this.#options;
    return new Wire({ ...this.#options, deadline: Math.min(deadline, now() + ms) });
  }

  now(): number {
    return this.#options.now();
  }

  /** Posts a message to the server, or to another URL of its origin, and reads the reply. */
  async post(message: RpcMessage, headers: HttpHeaders = {}, url = this.url): Promise<McpAnswer> {
    const started = this.#options.now();
    const response = await this.#send({
      ...{ url, method: "POST", varied: url === this.url },
      headers: { "content-type": "application/json", accept: "application/json, text/event-stream", ...headers },
      body: JSON.stringify({ jsonrpc: "2.0", ...message }),
    });
    const id = this.#options.variation?.body === undefined ? message.id : ANY_ID;
    return this.#answer(response, message.id === undefined ? null : (id ?? null), started);
  }

  /** Opens the event stream of HTTP+SSE. If the answer is not a stream, read it with {@link Wire.finish}. */
  open(): Promise<HttpResponse> {
    return this.#send({ url: this.url, method: "GET", headers: { accept: "text/event-stream" }, varied: true });
  }

  /** Reads an answer that {@link Wire.open} returned. */
  finish(response: HttpResponse): Promise<McpAnswer> {
    return this.#answer(response, null, this.#options.now());
  }

  /** Sends a planned request. Records whether an unsolicited event stream stays open. */
  async exchange({ headers = {}, id, timeoutMs, ...planned }: PlannedRequest): Promise<McpAnswer> {
    const started = this.#options.now();
    const { method, path, body, announce, maxTls } = planned;
    const response = await this.#send({ url: this.url, path, method, headers, body, announce, maxTls }, timeoutMs);
    if (id === undefined && response.status < 300 && isEventStream(response)) {
      const head = { ...headOf(response), ms: this.#since(response, started), ...UNREAD };
      return this.#report(response, { ...head, stream: (await staysOpen(response)) ? "open" : "ended" });
    }
    return this.#answer(response, id ?? "", started);
  }

  /**
   * Opens the event stream that answers a request; `null` if something else answers, or nothing in the usual time.
   * @param openMs - Milliseconds that the stream may stay open.
   */
  async openStream({ headers = {}, method, body }: PlannedRequest, openMs: number): Promise<HttpResponse | null> {
    const waiting = new AbortController();
    const timer = setTimeout(() => waiting.abort(), this.timeLeft());
    const signal = AbortSignal.any([
      waiting.signal,
      ...(this.#options.signal === undefined ? [] : [this.#options.signal]),
    ]);
    try {
      const response = await this.#send({ url: this.url, method, headers, body }, Infinity, {
        timeoutMs: openMs,
        signal,
      });
      if (response.status === 200 && isEventStream(response)) return response;
      response.close();
      return null;
    } catch (error) {
      if (waiting.signal.aborted && this.#options.signal?.aborted !== true) return null;
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends a session, as a courtesy: servers may answer 405 or not at all. */
  async end(headers: HttpHeaders): Promise<void> {
    try {
      const response = await this.#send({ url: this.url, method: "DELETE", headers }, 1000);
      response.close();
    } catch (error) {
      if (!(error instanceof KeysError) || error.code === "INTERRUPTED") throw error;
    }
  }

  async #send(
    { varied = false, ...init }: Omit<HttpInit, "timeoutMs"> & { readonly varied?: boolean },
    limit = Infinity,
    more: Partial<Pick<HttpInit, "timeoutMs" | "signal">> = {},
  ): Promise<HttpResponse> {
    const { presented, request, signal, variation, firstMs = Infinity } = this.#options;
    if (init.url.origin !== this.url.origin) throw new KeysError("BUG", "a request would leave the origin of the URL");
    const common = {
      "accept-encoding": "identity",
      "user-agent": `${this.clientInfo.name}/${this.clientInfo.version}`,
    };
    const whole = { ...init, headers: { ...common, ...init.headers } };
    const planned = varied && variation !== undefined ? { ...vary(whole, variation), ...this.#around(whole) } : whole;
    const headers = { ...planned.headers, ...presented.headers() };
    const timeoutMs = Math.max(1, Math.min(limit, this.timeLeft(), this.#isFirst ? firstMs : Infinity));
    this.#isFirst = false;
    const sent = { ...planned, ...withQuery(planned, presented), headers };
    const response = await request({ ...sent, timeoutMs, signal, ...more });
    const { url, path, method, body } = sent;
    this.#sent.set(response, () => ({ url, path, method, headers, body: typeof body === "string" ? body : undefined }));
    return response;
  }

  /** Returns what a varied request has before it on its connection, and after a switch of protocols. */
  #around({ method, headers, body }: Pick<HttpInit, "method" | "headers" | "body">): Partial<HttpInit> {
    const { variation, earlier } = this.#options;
    if (variation?.headers?.["upgrade"] === "websocket") return { afterSwitch: framesFor(this.clientInfo) };
    if (variation?.reuse === undefined || earlier === undefined) return {};
    // A second handshake would open a session that nobody ends.
    const opens = typeof body === "string" && body.includes('"method":"initialize"');
    const first = opens ? JSON.stringify({ jsonrpc: "2.0", ...rpcRequest("ping") }) : body;
    const pipelined = variation.reuse === "pipelined";
    return { earlier: { method, headers: { ...headers, ...earlier.headers() }, body: first, pipelined } };
  }

  async #answer(response: HttpResponse, id: string | null, started: number): Promise<McpAnswer> {
    const content = await readAnswer(response, id);
    return this.#report(response, { ...headOf(response), ms: this.#since(response, started), ...content });
  }

  #report(response: HttpResponse, answer: McpAnswer): McpAnswer {
    const sent = this.#sent.get(response);
    if (sent !== undefined) this.#options.onAnswer?.(answer, this.#options.presented, sent);
    return answer;
  }

  /** Without the time that the request waited for its turn. */
  #since(response: HttpResponse, started: number): number {
    return Math.round(this.#options.now() - (this.#options.sentAt?.(response) ?? started));
  }
}

function headOf({ status, headers, tls }: HttpResponse): Pick<McpAnswer, "status" | "headers" | "tls"> {
  return { status, headers, tls };
}

/** Adds the query parameters of the presented key to the URL. */
function withQuery(
  { url, path }: Pick<HttpInit, "url" | "path">,
  { query }: PresentedKey,
): Pick<HttpInit, "url" | "path"> {
  if (query === undefined) return { url, path };
  const added = new URLSearchParams({ ...query() }).toString();
  const original = path ?? url.pathname + url.search;
  return { url, path: `${original}${original.includes("?") ? "&" : "?"}${added}` };
}
