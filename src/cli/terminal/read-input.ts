import type { Readable } from "node:stream";
import { KeysError } from "../../errors.ts";
import { decodeInput } from "./decode-input.ts";
import type { InputStream } from "./io.ts";

/** Far above any token: more input means that the wrong file was piped in. */
const LIMIT = 64 * 1024;
/** Milliseconds of silence before {@link InputStream.read} calls `onWait`. */
const NOTICE_AFTER = 1_000;

/**
 * Implements {@link InputStream.read} on a stream.
 * @throws {@link KeysError} `TOKEN_UNUSABLE` above the limit and for an unreadable input
 */
export async function readInput(
  stream: Readable,
  { patience, onWait, limit = LIMIT }: Parameters<InputStream["read"]>[0],
): Promise<string | null> {
  const timers: NodeJS.Timeout[] = [];
  try {
    const bytes = await new Promise<Buffer | null>((resolve, reject) => {
      const chunks: Buffer[] = [];
      let length = 0;
      if (onWait !== undefined) timers.push(setTimeout(onWait, NOTICE_AFTER));
      if (patience !== undefined) timers.push(setTimeout(resolve, patience, null));
      stream.on("data", (chunk: Buffer | string) => {
        timers.forEach(clearTimeout);
        const bytes = Buffer.from(chunk);
        chunks.push(bytes);
        length += bytes.length;
        if (length > limit) reject(new KeysError("TOKEN_UNUSABLE", "standard input is too long"));
      });
      stream.on("end", () => {
        resolve(Buffer.concat(chunks));
      });
      stream.on("error", (cause) => {
        reject(new KeysError("TOKEN_UNUSABLE", "cannot read standard input", { cause }));
      });
    });
    return bytes === null ? null : decodeInput(bytes).replace(/\r?\n$/, "");
  } finally {
    timers.forEach(clearTimeout);
    stream.pause();
    stream.removeAllListeners("data").removeAllListeners("end").removeAllListeners("error");
  }
}
