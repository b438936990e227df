import { KeysError } from "../errors.ts";
import { errnoOf } from "./file-fault.ts";

/** What POSIX promises that a pipe takes whole or not at all (`_POSIX_PIPE_BUF`). */
const WHOLE_OR_NOTHING = 512;

/**
 * The failure of one write to a stream: certain where the text was short enough to be written whole or not at all.
 * @param stream - What was written to, for the message.
 */
export function writeFault(stream: string, text: string, cause: unknown): KeysError {
  const closed = errnoOf(cause) === "EPIPE";
  const message = closed ? `nobody reads ${stream} any more` : `cannot write to ${stream}`;
  const certain = Buffer.byteLength(text) <= WHOLE_OR_NOTHING;
  return new KeysError(certain ? "DELIVERY_FAILED" : "DELIVERY_UNCERTAIN", message, { cause });
}
