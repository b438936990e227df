import { KeysError } from "../../errors.ts";
import { isObject, parseJson, textAt } from "../mcp/json.ts";
import { parseReply } from "../mcp/reply.ts";
import type { HttpInit, HttpRequest, HttpResponse } from "../../http/http.ts";
import type { Exit, Program } from "./spawn.ts";

/** Characters of one line; what is longer is thrown away. */
const LINE_LIMIT = 4_194_304;

/**
 * Puts messages to a program line by line, in the form of an HTTP exchange, so that the eras of the protocol are spoken by the
 * same code over both: a request is answered with 200 and the line that replies to it, a notification with 202.
 * @throws `KeysError` `SERVER_UNREACHABLE` when the program ended or did not answer in time, `INTERRUPTED`
 * @see MCP 2026-07-28, basic/transports/stdio
 */
export class Lines {
  readonly #waiting = new Set<Waiting>();
  #held = "";
  #closed: KeysError | null = null;

  /** To be told what the program prints to its standard output. */
  take(text: string): void {
    const lines = (this.#held + text).split("\n");
    this.#held = (lines.pop() ?? "").slice(0, LINE_LIMIT);
    for (const line of lines) for (const { take } of [...this.#waiting]) take(line);
  }

  /** Waits for nothing more; what is waited for fails with this. */
  close(reason: KeysError): void {
    this.#closed ??= reason;
    for (const { fail } of [...this.#waiting]) fail(reason);
  }

  over(program: Program): HttpRequest {
    void program.ended.then((exit) => this.close(gone(exit)));
    return async ({ body = "", timeoutMs, signal }) => {
      const message = parseJson(body);
      const id = isObject(message) ? textAt(message, "id") : undefined;
      if (id !== undefined) return respond(200, await this.#ask(program, body, { id, timeoutMs, signal }));
      program.write(body);
      return respond(202, "");
    };
  }

  #ask(program: Program, body: string, { id, timeoutMs, signal }: Patience): Promise<string> {
    return new Promise((resolve, reject) => {
      const leave = (end: () => void): void => {
        clearTimeout(timer);
        this.#waiting.delete(waiting);
        signal?.removeEventListener("abort", interrupt);
        end();
      };
      const fail = (reason: KeysError): void => leave(() => reject(reason));
      const interrupt = (): void => fail(new KeysError("INTERRUPTED", "interrupted"));
      const take = (line: string): void => {
        if (parseReply(line, id) !== null) leave(() => resolve(line));
      };
      const waiting = { take, fail };
      const timer = setTimeout(() => fail(silent(timeoutMs)), timeoutMs);
      this.#waiting.add(waiting);
      signal?.addEventListener("abort", interrupt);
      if (signal?.aborted === true) interrupt();
      else if (this.#closed !== null) fail(this.#closed);
      else program.write(body);
    });
  }
}

/** What is waited for. */
interface Waiting {
  readonly take: (line: string) => void;
  readonly fail: (reason: KeysError) => void;
}

interface Patience extends Pick<HttpInit, "timeoutMs" | "signal"> {
  /** Of the request to which a reply is waited for. */
  readonly id: string;
}

function respond(status: number, text: string): HttpResponse {
  async function* body(): AsyncGenerator<string> {
    yield text;
  }
  return { status, headers: { "content-type": ["application/json"] }, body: body(), close: () => undefined };
}

function silent(timeoutMs: number): KeysError {
  return new KeysError("SERVER_UNREACHABLE", `no answer in ${String(Math.round(timeoutMs / 100) / 10)} s`, {
    hint: "check that the program speaks MCP over its standard streams, or give it longer with --timeout",
  });
}

/** As a person reads it: `exit status 2`. */
export function describeExit({ code, signal }: Exit): string {
  return code === null ? `ended by ${signal ?? "a signal"}` : `exit status ${String(code)}`;
}

function gone(exit: Exit): KeysError {
  return new KeysError("SERVER_UNREACHABLE", `the program ended: ${describeExit(exit)}`, {
    hint: "start it by hand with the same environment, and read what it says",
  });
}
