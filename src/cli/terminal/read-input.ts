import type { Readable } from "node:stream";
import { KeysError } from "../../errors.ts";
import type { Input } from "./io.ts";

/** Far above any token; whoever pipes more pipes the wrong file. */
const LIMIT = 64 * 1024;
const NOTICE_AFTER = 1_000;

/** See {@link Input.read}. Ends by itself at 64 KiB with `TOKEN_UNUSABLE`. */
export async function readInput(
  stream: Readable,
  { patience, onWait }: Parameters<Input["read"]>[0],
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
        if (text.length > LIMIT) reject(new KeysError("TOKEN_UNUSABLE", "standard input holds more than a token"));
      });
      stream.on("end", () => {
        resolve(text.replace(/\r?\n$/, ""));
      });
      stream.on("error", (cause) => {
        reject(new KeysError("TOKEN_UNUSABLE", "standard input cannot be read", { cause }));
      });
    });
  } finally {
    timers.forEach(clearTimeout);
    stream.pause();
    stream.removeAllListeners("data").removeAllListeners("end").removeAllListeners("error");
  }
}
