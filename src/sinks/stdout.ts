import { KeysError } from "../errors.ts";
import { once } from "./once.ts";
import type { Sink } from "./sink.ts";

/** The least that POSIX lets a pipe take whole or not at all (`_POSIX_PIPE_BUF`). */
const WHOLE_OR_NOTHING = 512;

/**
 * Standard output, or whatever writes as it does.
 * @param write - Resolves when the text is handed over, rejects when it could not be.
 */
export function openStdoutSink(write: (text: string) => Promise<void>): Promise<Sink> {
  return Promise.resolve(
    once("stdout", {
      deliver: async (text) => {
        try {
          await write(text);
        } catch (cause) {
          throw writeFault("standard output", text, cause);
        }
      },
    }),
  );
}

/**
 * The failure of one write to a stream: certain where the text was short enough to be written whole or not at all.
 * @param stream - What was written to, for the message.
 */
export function writeFault(stream: string, text: string, cause: unknown): KeysError {
  const closed = (cause as NodeJS.ErrnoException).code === "EPIPE";
  const message = closed ? `nobody reads ${stream} any more` : `cannot write to ${stream}`;
  const certain = Buffer.byteLength(text) <= WHOLE_OR_NOTHING;
  return new KeysError(certain ? "DELIVERY_FAILED" : "DELIVERY_UNCERTAIN", message, { cause });
}
