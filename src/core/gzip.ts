import { gzipSync } from "node:zlib";

/** Compresses a text for `Content-Encoding: gzip`. */
export function gzip(text: string): Uint8Array {
  return gzipSync(text);
}
