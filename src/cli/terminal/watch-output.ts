import { KeysError } from "../../errors.ts";
import type { OutputStream } from "./io.ts";

/** Exit status after a write to a closed stdout: what a shell reports for a program that SIGPIPE ended (128 + 13). */
export const CLOSED_OUTPUT = 141;

/** A socket, which a parent process may use as a pipe, reports ECONNRESET. */
const CLOSED = ["EPIPE", "ECONNRESET", "EOF"];

interface WatchedOutput {
  readonly stream: OutputStream;
  /** Whether a write failed because nothing reads stdout any more. The run then ends with {@link CLOSED_OUTPUT}. */
  readonly isClosed: boolean;
}

/** Returns stdout with writes that fail with `OUTPUT_FAILED`, and remembers if nothing reads it any more. */
export function watchOutput(stdout: OutputStream): WatchedOutput {
  let isClosed = false;
  return {
    get isClosed() {
      return isClosed;
    },
    stream: {
      write: async (text) => {
        try {
          await stdout.write(text);
        } catch (cause) {
          const { code } = cause as { code?: string };
          isClosed ||= CLOSED.includes(code ?? "");
          throw new KeysError("OUTPUT_FAILED", `cannot write to standard output (${code ?? "unknown"})`, { cause });
        }
      },
      get fault() {
        return stdout.fault;
      },
      get isTerminal() {
        return stdout.isTerminal;
      },
      get colors() {
        return stdout.colors;
      },
      get columns() {
        return stdout.columns;
      },
    },
  };
}
