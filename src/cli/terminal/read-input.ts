import type { Readable } from "node:stream";
import { KeysError } from "../../errors.ts";
import type { InputStream } from "./io.ts";

/** Far above any token: more input means that the wrong file was piped in. */
const LIMIT = 64 * 1024;
/** Milliseconds of silence before {@link InputStream.read} calls `onWait`. */
const NOTICE_AFTER = 1_000;

/**
 * Implements {@link InputStream.read} on a stream.
 * @throws {@link KeysError} `TOKEN_UNUSABLE` above 64 KiB and for an unreadable input
 */
export async function readInput(
  stream: Readable,
  { patience, onWait }: Parameters<InputStream["read"]>[0],
): Promise<string | null> {
  stream.setEncoding("utf8");
  const timers: NodeJS.Timeout[] = [];
  try {
    return await new Promise<string | null>((resolve, reject) => {
      let text = "";
      if (onWait !== undefined) timers.push(setTimeout(onWait, NOTICE_AFTER));
      if (patience !== undefined) timers.push(setTimeout(resolve, patience, null));
      stream.on("data", (chunk: string) => {
        timers.forEach(clearTimeout);
        text += chunk;
        if (text.length > LIMIT) reject(new KeysError("TOKEN_UNUSABLE", "standard input is too long for a token"));
      });
      stream.on("end", () => {
        resolve(text.replace(/\r?\n$/, ""));
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
