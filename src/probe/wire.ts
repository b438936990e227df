import type { Secret } from "../core/secret.ts";
import { KeysError } from "../errors.ts";
import { readReply, type Reading } from "./reply.ts";
import { headerOf, type HttpInit, type HttpRequest, type HttpResponse } from "./request.ts";

/** What came of one POST: the status, the time to the end of the reply, and the reply. */
export interface Answer extends Reading, Pick<HttpResponse, "status" | "headers"> {
  readonly ms: number;
}

export interface WireOptions {
  readonly url: URL;
  readonly request: HttpRequest;
  /** What to present as `Authorization: Bearer`, or `null` for nothing. */
  readonly token: Secret | null;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
  /** On that clock: when all exchanges must be over. */
  readonly deadline: number;
  readonly clientVersion: string;
  readonly signal?: AbortSignal;
}

/** A JSON-RPC message without its envelope; one without `id` is a notification. */
export interface Message {
  readonly id?: string;
  readonly method: string;
  readonly params?: Readonly<Record<string, unknown>>;
}

type Headers = Readonly<Record<string, string>>;

/** How long the body of a refusal is waited for: the status already says what matters, the text only helps to explain it. */
const REFUSAL_MS = 1000;

/** One presentation of a token (or of none) to one server: MCP over HTTP, one exchange at a time, all with the same header. */
export class Wire {
  readonly url: URL;
  readonly client: { readonly name: string; readonly version: string };
  readonly #options: WireOptions;

  constructor(options: WireOptions) {
    this.url = options.url;
    this.client = { name: "mcp-keys", version: options.clientVersion };
    this.#options = options;
  }

  /** Milliseconds that are left. */
  left(): number {
    return this.#options.deadline - this.#options.now();
  }

  /** Posts a message and reads the reply, to the URL of the server or to another of the same origin. */
  async post(message: Message, headers: Headers = {}, url = this.url): Promise<Answer> {
    const started = this.#options.now();
    const response = await this.#send({
      url,
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json, text/event-stream", ...headers },
      body: JSON.stringify({ jsonrpc: "2.0", ...message }),
    });
    return this.#answer(response, message.id ?? null, started);
  }

  /** Opens the event stream of HTTP+SSE. An answer that is no stream can be read with {@link Wire.finish}. */
  open(): Promise<HttpResponse> {
    return this.#send({ url: this.url, method: "GET", headers: { accept: "text/event-stream" } });
  }

  /** Reads an answer that {@link Wire.open} returned, as one to no message of ours. */
  finish(response: HttpResponse): Promise<Answer> {
    return this.#answer(response, null, this.#options.now());
  }

  /** Ends a session. Good manners, so nothing depends on it: servers may answer 405, or never. */
  async end(headers: Headers): Promise<void> {
    try {
      const response = await this.#send({ url: this.url, method: "DELETE", headers }, 1000);
      response.close();
    } catch (error) {
      if (!(error instanceof KeysError) || error.code === "INTERRUPTED") throw error;
    }
  }

  async #send(init: Omit<HttpInit, "timeoutMs">, limit = Infinity): Promise<HttpResponse> {
    const { token, request, signal } = this.#options;
    if (init.url.origin !== this.url.origin) throw new KeysError("BUG", "a request was to leave the origin of the URL");
    const common = { "accept-encoding": "identity", "user-agent": `${this.client.name}/${this.client.version}` };
    const bearer: Headers = token === null ? {} : { authorization: `Bearer ${token.reveal()}` };
    const timeoutMs = Math.max(1, Math.min(limit, this.left()));
    return request({ ...init, headers: { ...common, ...init.headers, ...bearer }, timeoutMs, signal });
  }

  async #answer(response: HttpResponse, id: string | null, started: number): Promise<Answer> {
    const { status, headers } = response;
    const reading = await readAnswer(response, id);
    return { status, headers, ms: Math.round(this.#options.now() - started), ...reading };
  }
}

async function readAnswer(response: HttpResponse, id: string | null): Promise<Reading> {
  if (response.status >= 300) return readRefusal(response, id ?? "");
  if (id !== null && response.status !== 202) return readFully(response, id);
  // Nothing is to come, and a stream left open would be waited for in vain.
  response.close();
  return { reply: null, excerpt: "" };
}

async function readFully(response: HttpResponse, id: string): Promise<Reading> {
  const encoding = headerOf(response, "content-encoding") ?? "identity";
  if (encoding.toLowerCase() === "identity") return readReply(response, id);
  response.close();
  throw new KeysError("SERVER_NOT_MCP", "the answer is compressed although plain text was asked for", {
    hint: "make the proxy in front of the server honour Accept-Encoding: identity",
  });
}

async function readRefusal(response: HttpResponse, id: string): Promise<Reading> {
  const timer = setTimeout(() => response.close(), REFUSAL_MS);
  try {
    return await readReply(response, id);
  } catch (error) {
    if (error instanceof KeysError && error.code !== "INTERRUPTED") return { reply: null, excerpt: "" };
    throw error;
  } finally {
    clearTimeout(timer);
    response.close();
  }
}
