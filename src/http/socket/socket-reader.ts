import type { Socket } from "node:net";
import { parseResponse, type ParsedResponse } from "./parse-response.ts";

/** Milliseconds to wait for more of a body that has no end, such as an event stream. */
const QUIET_MS = 1000;

/** Reads the responses on a connection one after another. */
export class SocketReader {
  readonly #limit: number;
  #bytes: Buffer = Buffer.alloc(0);
  #ended = false;
  #error: Error | undefined;
  #notify: (() => void) | undefined;

  /** @param limit - Bytes to read at most before the next response is taken. */
  constructor(socket: Socket, limit: number) {
    this.#limit = limit;
    socket.on("data", (chunk: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      this.#notify?.();
    });
    socket.on("error", (error) => {
      this.#error ??= error;
      this.#notify?.();
    });
    socket.on("close", () => {
      this.#ended = true;
      this.#notify?.();
    });
    socket.on("end", () => {
      this.#ended = true;
      this.#notify?.();
    });
  }

  /**
   * Reads the next response. Returns the part of an endless body that arrived before a pause.
   * @throws the error of the socket, or one with the code `ECONNRESET` if the server closed the connection without an answer
   */
  async read(method: string): Promise<ParsedResponse> {
    for (;;) {
      if (this.#bytes.length > this.#limit) throw coded("HPE_TOO_LARGE");
      const parsed = parseResponse(this.#bytes, this.#ended, method);
      if (parsed !== null && (parsed.complete || parsed.status === 101)) return this.#take(parsed);
      if (this.#error !== undefined) throw this.#error;
      if (this.#ended && parsed === null) throw coded("ECONNRESET");
      if (parsed === null) await this.#more();
      else if (this.#ended || !(await this.#more(QUIET_MS))) return this.#take(parsed);
    }
  }

  /** Reads what comes after a protocol switch, until nothing has come for a while. */
  async readUntilQuiet(): Promise<Buffer> {
    while (!this.#ended && this.#bytes.length <= this.#limit && (await this.#more(QUIET_MS)));
    return this.#bytes;
  }

  #take(parsed: ParsedResponse): ParsedResponse {
    this.#bytes = parsed.status === 101 ? parsed.body : parsed.rest;
    return parsed;
  }

  /** Waits for more; returns whether something came in time. */
  async #more(ms?: number): Promise<boolean> {
    return new Promise((resolve) => {
      const done = (came: boolean): void => {
        clearTimeout(timer);
        this.#notify = undefined;
        resolve(came);
      };
      const timer = ms === undefined ? undefined : setTimeout(done, ms, false);
      this.#notify = () => {
        done(true);
      };
    });
  }
}

function coded(code: string): Error {
  return Object.assign(new Error("the connection ended"), { code });
}
