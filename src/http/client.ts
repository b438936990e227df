import type { ClientRequest, ClientRequestArgs, IncomingMessage, OutgoingHttpHeaders } from "node:http";
import type { RequestOptions } from "node:https";
import { StringDecoder } from "node:string_decoder";
import { KeysError } from "../errors.ts";
import { onAbort } from "../core/on-abort.ts";
import { connect, type LookupFunction, type Socket, type TcpNetConnectOpts } from "node:net";
import type { HttpInit, HttpRequest, HttpResponse } from "./http.ts";
import { destinationOf } from "./destination.ts";
import { chunksOf, TooLarge } from "./chunks.ts";
import { explainError } from "./explain-error.ts";
import { createLocalLookup, type ResolveHost } from "./local-lookup.ts";
import { tlsOf, tlsOptions } from "./tls.ts";

export interface HttpOptions {
  /** Certificates to trust instead of the default ones, as PEM. */
  readonly ca?: string;
  /** Maximum size of a body in bytes. Default: 4 MiB. */
  readonly limit?: number;
  /** Resolves `localhost` for plain http. For tests. Default: `dns.lookup`. */
  readonly lookup?: ResolveHost;
}

const LIMIT = 4 * 1024 * 1024;

/**
 * Creates an {@link HttpRequest} over `node:http` and `node:https`, which take half the time and memory of `fetch` in a short process.
 * Uses a new connection for each request, follows no redirects and ignores proxy variables such as `HTTP_PROXY`.
 */
export function createHttpRequest({ ca, limit = LIMIT, lookup }: HttpOptions = {}): HttpRequest {
  const localLookup = createLocalLookup(lookup);
  return async (init) => {
    if (needsSocket(init)) {
      const { sendOnSocket } = await import("./socket/send-on-socket.ts");
      return sendOnSocket(init, { ca, limit, localLookup });
    }
    // Loading TLS is expensive, so only for https.
    const { request } = init.url.protocol === "https:" ? await import("node:https") : await import("node:http");
    return new Exchange(init, limit).start((onResponse) =>
      request({ ...optionsOf(init, localLookup), ca }, onResponse),
    );
  };
}

class Exchange {
  readonly #init: HttpInit;
  readonly #limit: number;
  #request: ClientRequest | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  #stopListening: (() => void) | undefined;
  /** First error, thrown by both the promise and the body. */
  #error: KeysError | undefined;

  constructor(init: HttpInit, limit: number) {
    this.#init = init;
    this.#limit = limit;
  }

  start(open: (onResponse: (message: IncomingMessage) => void) => ClientRequest): Promise<HttpResponse> {
    const { signal, timeoutMs, body, announce } = this.#init;
    return new Promise((resolve, reject) => {
      const fail = (error: KeysError): void => {
        this.#error ??= error;
        this.#close();
        reject(this.#error);
      };
      const failWith = (cause: unknown): void => {
        fail(explainError(cause, this.#init.url));
      };
      if (signal?.aborted === true) {
        fail(interrupted());
        return;
      }
      this.#stopListening = onAbort(signal, () => {
        fail(interrupted());
      });
      this.#timer = setTimeout(() => {
        failWith({ code: "TIMED_OUT" });
      }, timeoutMs);
      try {
        this.#request = open((message) => {
          resolve(this.#responseOf(message));
        });
      } catch (cause) {
        fail(new KeysError("USAGE", "a header contains a character that HTTP does not allow", { cause }));
        return;
      }
      this.#request.on("error", failWith);
      // An unsolicited protocol switch ends the request without a response or error. After a response it has no effect.
      this.#request.on("upgrade", (_, socket) => {
        socket.destroy();
        failWith({ code: "UPGRADED" });
      });
      // Node writes a body that is text together with the headers, and then in the encoding of the body.
      if (announce === undefined) this.#request.end(body === undefined ? undefined : Buffer.from(body));
      else this.#request.write(body ?? "");
    });
  }

  #responseOf(message: IncomingMessage): HttpResponse {
    message.on("error", () => undefined); // the reader gets it too; without a reader it must not crash the process
    return {
      status: message.statusCode ?? 0,
      headers: message.headersDistinct,
      tls: tlsOf(message.socket),
      body: this.#read(message),
      close: () => {
        this.#close();
      },
    };
  }

  async *#read(message: IncomingMessage): AsyncGenerator<string> {
    const decoder = new StringDecoder("utf8");
    try {
      for await (const chunk of chunksOf(message, this.#limit)) {
        const text = decoder.write(chunk);
        if (text !== "") yield text;
      }
      const rest = decoder.end();
      if (rest !== "") yield rest;
    } catch (cause) {
      if (cause instanceof TooLarge) throw tooLarge(this.#init.url);
      if (this.#error !== undefined) throw this.#error;
      if (!this.#closed) throw explainError(cause, this.#init.url);
    } finally {
      this.#close();
    }
  }

  #close(): void {
    this.#closed = true;
    this.#stopListening?.();
    clearTimeout(this.#timer);
    this.#request?.destroy();
  }
}

/** Returns whether `node:http` cannot send the request, or cannot read its answer. */
function needsSocket({ method, headers, version, omitHost, earlier }: HttpInit): boolean {
  return (
    version !== undefined ||
    omitHost === true ||
    earlier !== undefined ||
    headers["upgrade"] !== undefined ||
    !/^(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)$/.test(method)
  );
}

function optionsOf(
  { url, path, method, headers, body, announce, maxTls }: HttpInit,
  localLookup: LookupFunction,
): RequestOptions {
  return {
    ...destinationOf(url, localLookup),
    method,
    path: path ?? url.pathname + url.search,
    headers: {
      host: url.host,
      ...(headers as OutgoingHttpHeaders),
      ...lengthOf({ headers, body, announce }),
      connection: "close",
    },
    // Without one, Node creates an agent for each request.
    ...(url.protocol === "https:" ? { agent: false } : { createConnection: connectTo }),
    ...tlsOptions(maxTls),
  };
}

function connectTo(options: ClientRequestArgs): Socket {
  return connect(options as TcpNetConnectOpts);
}

/** Returns the length of the body, which Node leaves out with GET, DELETE and OPTIONS. */
function lengthOf({ headers, body, announce }: Pick<HttpInit, "headers" | "body" | "announce">): OutgoingHttpHeaders {
  if (announce !== undefined) return { "content-length": announce };
  return body === undefined || "transfer-encoding" in headers ? {} : { "content-length": Buffer.byteLength(body) };
}

function interrupted(): KeysError {
  return new KeysError("INTERRUPTED", "interrupted");
}

function tooLarge(url: URL): KeysError {
  const hint = "check that the URL belongs to an MCP server";
  return new KeysError("SERVER_NOT_MCP", `the answer from ${url.origin} is too large for an MCP server`, { hint });
}
