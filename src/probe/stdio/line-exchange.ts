import { onAbort } from "../../core/on-abort.ts";
import { KeysError } from "../../errors.ts";
import { isObject, parseJson, textAt } from "../mcp/json.ts";
import { parseReply } from "../mcp/reply.ts";
import type { HttpInit, HttpRequest, HttpResponse } from "../../http/http.ts";
import { describeExit, type Exit, type Program } from "./spawn.ts";

/** In characters. The rest of a longer line is dropped. */
const MAX_LINE = 4_194_304;

/**
 * Exchanges JSON-RPC lines with a program through the interface of an HTTP client, which lets the code for the protocol eras serve
 * both transports. A request gets 200 and the line that replies to it, a notification gets 202.
 * @throws `KeysError` `SERVER_UNREACHABLE` if the program ended or did not answer in time, `INTERRUPTED`
 * @see MCP 2026-07-28, basic/transports/stdio
 */
export class LineExchange {
  readonly #pending = new Set<PendingReply>();
  #partial = "";
  #closed: KeysError | null = null;

  /** Takes a chunk of the program's standard output. */
  take(text: string): void {
    const lines = (this.#partial + text).split("\n");
    this.#partial = (lines.pop() ?? "").slice(0, MAX_LINE);
    for (const line of lines) for (const { take } of [...this.#pending]) take(line);
  }

  /** Fails all pending and later requests with this reason. */
  close(reason: KeysError): void {
    this.#closed ??= reason;
    for (const { fail } of [...this.#pending]) fail(reason);
  }

  /** Returns a client that sends to the program. */
  clientFor(program: Program): HttpRequest {
    void program.ended.then((exit) => this.close(endedError(exit)));
    return async ({ body: sent, timeoutMs, signal }) => {
      const body = typeof sent === "string" ? sent : "";
      const message = parseJson(body);
      const id = isObject(message) ? textAt(message, "id") : undefined;
      if (id !== undefined) return respond(200, await this.#ask(program, body, { id, timeoutMs, signal }));
      program.write(body);
      return respond(202, "");
    };
  }

  #ask(program: Program, body: string, { id, timeoutMs, signal }: ReplyOptions): Promise<string> {
    return new Promise((resolve, reject) => {
      const settle = (end: () => void): void => {
        clearTimeout(timer);
        this.#pending.delete(pending);
        stopListening();
        end();
      };
      const fail = (reason: KeysError): void => settle(() => reject(reason));
      const interrupt = (): void => fail(new KeysError("INTERRUPTED", "interrupted"));
      const take = (line: string): void => {
        if (parseReply(line, id) !== null) settle(() => resolve(line));
      };
      const pending = { take, fail };
      const timer = setTimeout(() => fail(timeoutError(timeoutMs)), timeoutMs);
      this.#pending.add(pending);
      const stopListening = onAbort(signal, interrupt);
      if (signal?.aborted === true) interrupt();
      else if (this.#closed !== null) fail(this.#closed);
      else program.write(body);
    });
  }
}

/** A request without a reply so far. */
interface PendingReply {
  readonly take: (line: string) => void;
  readonly fail: (reason: KeysError) => void;
}

interface ReplyOptions extends Pick<HttpInit, "timeoutMs" | "signal"> {
  /** The id of the request. */
  readonly id: string;
}

function respond(status: number, text: string): HttpResponse {
  async function* body(): AsyncGenerator<string> {
    yield text;
  }
  return { status, headers: { "content-type": ["application/json"] }, body: body(), close: () => undefined };
}

function timeoutError(timeoutMs: number): KeysError {
  return new KeysError("SERVER_UNREACHABLE", `no answer in ${String(Math.round(timeoutMs / 100) / 10)} s`, {
    hint: "check that the program speaks MCP over stdio, or raise --timeout",
  });
}

function endedError(exit: Exit): KeysError {
  return new KeysError("SERVER_UNREACHABLE", `the program ended: ${describeExit(exit)}`, {
    hint: "start it by hand with the same environment, and read its output",
  });
}
