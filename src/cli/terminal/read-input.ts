import type { Readable } from "node:stream";
import { KeysError } from "../../errors.ts";
import { decodeInput } from "./decode-input.ts";
import type { InputStream } from "./io.ts";
import type { WaitingInput } from "./read-waiting.ts";

/** Far above any token: more input means that the wrong file was piped in. */
const LIMIT = 64 * 1024;
/** Milliseconds of silence before {@link InputStream.read} calls `onWait`. */
const NOTICE_AFTER = 1_000;

/**
 * Implements {@link InputStream.read}.
 * @param readWaiting - returns what can be read without waiting
 * @param getStream - returns the stream for the rest. Creating it takes longer than a short command.
 * @throws {@link KeysError} `TOKEN_UNUSABLE` above the limit and for an unreadable input
 */
export async function readInput(
  readWaiting: (limit: number) => WaitingInput,
  getStream: () => Readable,
  { patience, onWait, limit = LIMIT }: Parameters<InputStream["read"]>[0],
): Promise<string | null> {
  const { bytes, hasEnded } = readWaiting(limit);
  if (bytes.length > limit) throw tooLong();
  if (hasEnded) return toText(bytes);
  const rest = await readStream(getStream(), bytes, limit, { ...(bytes.length === 0 && { patience, onWait }) });
  return rest === null ? null : toText(rest);
}

function toText(bytes: Buffer): string {
  return decodeInput(bytes).replace(/\r?\n$/, "");
}

function tooLong(): KeysError {
  return new KeysError("TOKEN_UNUSABLE", "standard input is too long");
}

/** Reads a stream to its end. @param first - the bytes before it */
async function readStream(
  stream: Readable,
  first: Buffer,
  limit: number,
  { patience, onWait }: { patience?: number | undefined; onWait?: (() => void) | undefined },
): Promise<Buffer | null> {
  const timers: NodeJS.Timeout[] = [];
  try {
    return await new Promise<Buffer | null>((resolve, reject) => {
      const chunks = [first];
      let { length } = first;
      if (onWait !== undefined) timers.push(setTimeout(onWait, NOTICE_AFTER));
      if (patience !== undefined) timers.push(setTimeout(resolve, patience, null));
      stream.on("data", (chunk: Buffer | string) => {
        timers.forEach(clearTimeout);
        const bytes = Buffer.from(chunk);
        chunks.push(bytes);
        length += bytes.length;
        if (length > limit) reject(tooLong());
      });
      stream.on("end", () => {
        resolve(Buffer.concat(chunks));
      });
      stream.on("error", (cause) => {
        reject(new KeysError("TOKEN_UNUSABLE", "cannot read standard input", { cause }));
      });
    });
  } finally {
    timers.forEach(clearTimeout);
    stream.pause();
    stream.removeAllListeners("data").removeAllListeners("end").removeAllListeners("error");
  }
}
