import { once } from "node:events";
import { connect, type LookupFunction, type Socket } from "node:net";
import { onAbort } from "../../core/on-abort.ts";
import { KeysError } from "../../errors.ts";
import { destinationOf } from "../destination.ts";
import { tlsOf, tlsOptions } from "../tls.ts";
import { explainError } from "../explain-error.ts";
import type { HttpInit, HttpResponse } from "../http.ts";
import { formatRequest } from "./format-request.ts";
import type { ParsedResponse } from "./parse-response.ts";
import { SocketReader } from "./socket-reader.ts";

export interface SocketOptions {
  readonly ca: string | undefined;
  /** Maximum size of what is read, in bytes. */
  readonly limit: number;
  /** Resolves names that must stay on this machine. */
  readonly localLookup: LookupFunction;
}

/**
 * Sends a request that `node:http` cannot: HTTP/1.0, any method, a second request on the same connection, a protocol switch. Reads the
 * answer in full before it returns.
 * @throws `KeysError` like `HttpRequest`
 */
export async function sendOnSocket(init: HttpInit, options: SocketOptions): Promise<HttpResponse> {
  const socket = await open(init, options);
  const stop = (error: KeysError): void => void socket.destroy(error);
  const interrupt = (): void => {
    stop(new KeysError("INTERRUPTED", "interrupted"));
  };
  const timer = setTimeout(() => {
    stop(explainError({ code: "TIMED_OUT" }, init.url));
  }, init.timeoutMs);
  const stopListening = onAbort(init.signal, interrupt);
  try {
    if (init.signal?.aborted === true) interrupt();
    const { status, headers, body } = await converse(socket, init, options.limit);
    return { status, headers, tls: tlsOf(socket), body: chunkOf(body), close: () => undefined };
  } catch (error) {
    throw error instanceof KeysError ? error : explainError(error, init.url);
  } finally {
    clearTimeout(timer);
    stopListening();
    socket.destroy();
  }
}

async function open({ url, maxTls }: HttpInit, { ca, localLookup }: SocketOptions): Promise<Socket> {
  const { hostname: host, port, ...more } = destinationOf(url, localLookup);
  if (url.protocol !== "https:") return connect({ host, port: Number(port || 80), ...more });
  // Loading TLS is expensive, so only for https.
  const tls = await import("node:tls");
  return tls.connect({ host, port: Number(port || 443), ca, ...more, ...tlsOptions(maxTls) });
}

async function converse(socket: Socket, init: HttpInit, limit: number): Promise<ParsedResponse> {
  const { url, earlier, afterSwitch } = init;
  const reader = new SocketReader(socket, limit);
  await once(socket, "encrypted" in socket ? "secureConnect" : "connect");
  const last = formatRequest(init, true);
  if (earlier === undefined) {
    socket.write(last);
  } else {
    const first = formatRequest({ ...earlier, url }, false);
    socket.write(earlier.pipelined ? Buffer.concat([first, last]) : first);
    const { keepsConnection } = await reader.read(earlier.method);
    if (!keepsConnection) throw Object.assign(new Error("closed after the first answer"), { code: "ECONNRESET" });
    if (!earlier.pipelined) socket.write(last);
  }
  const response = await reader.read(init.method);
  if (response.status !== 101 || afterSwitch === undefined) return response;
  socket.write(afterSwitch);
  return { ...response, body: await reader.readUntilQuiet() };
}

async function* chunkOf(body: Buffer): AsyncGenerator<string> {
  yield body.toString("utf8");
}
