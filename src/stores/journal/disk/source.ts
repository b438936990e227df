import { readSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { faultOf } from "./fault.ts";
import type { JournalLocation } from "./folder.ts";
import { checkPrivate } from "./open.ts";
import type { FileState } from "./open.ts";

const CHUNK = 1024 * 1024;

/** Receives bytes of a file from offset `at` and returns how many it has processed. It receives the rest again, with more. */
export type Consume = (bytes: Buffer, at: number) => number | Promise<number>;

/** An open journal file. Every method throws `STORE_UNAVAILABLE`, or `STORE_INSECURE` if the file was opened to others. */
export class Source {
  readonly #location: JournalLocation;
  readonly #handle: FileHandle;

  constructor(location: JournalLocation, handle: FileHandle) {
    this.#location = location;
    this.#handle = handle;
  }

  async state(): Promise<FileState> {
    const { path } = this.#location;
    try {
      return checkPrivate(await this.#handle.stat({ bigint: true }), path, this.#location);
    } catch (cause) {
      throw faultOf(cause, "read", path);
    }
  }

  /** Reads from `position` until `bytes` is full or the file ends. Returns the part that was filled. */
  async read(position: number, bytes: Buffer): Promise<Buffer> {
    let filled = 0;
    try {
      while (filled < bytes.length) {
        const { bytesRead } = await this.#handle.read(bytes, filled, bytes.length - filled, position + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
    } catch (cause) {
      throw faultOf(cause, "read", this.#location.path);
    }
    return bytes.subarray(0, filled);
  }

  /** Reads once, while nothing else runs. Returns the part of `bytes` that was filled. */
  readNow(position: number, bytes: Buffer): Buffer {
    try {
      return bytes.subarray(0, readSync(this.#handle.fd, bytes, 0, bytes.length, position));
    } catch (cause) {
      throw faultOf(cause, "read", this.#location.path);
    }
  }

  /**
   * Passes the bytes between two offsets to `consume`, chunk by chunk.
   * @param keptBytes - Whether `consume` kept the chunk. If not, its buffer is used again. Without it, no chunk is kept.
   */
  async chunks(from: number, to: number, consume: Consume, keptBytes = () => false): Promise<void> {
    let at = from;
    let size = CHUNK;
    let scratch: Buffer | null = null;
    while (at < to) {
      const length = Math.min(size, to - at);
      if (scratch === null || scratch.length < length) scratch = Buffer.allocUnsafeSlow(length);
      const bytes = await this.read(at, scratch.subarray(0, length));
      const done = await consume(bytes, at);
      if (keptBytes()) scratch = null;
      at += done;
      if (bytes.length < length || at + bytes.length - done === to) break;
      // Nothing was processed, so the line is longer than the chunk.
      size = done === 0 ? size * 2 : CHUNK;
    }
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}
