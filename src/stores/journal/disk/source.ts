import type { FileHandle } from "node:fs/promises";
import { faultOf } from "./fault.ts";
import type { Place } from "./folder.ts";
import { checkPrivate } from "./open.ts";
import type { FileState } from "./open.ts";

const PIECE = 1024 * 1024;

/** Is given bytes of a file from `at` on, and returns how many it is done with: the rest comes again, with more. */
export type Consume = (bytes: Buffer, at: number) => number | Promise<number>;

/** A file that is held open to be read. Throws `STORE_UNAVAILABLE`; `STORE_INSECURE` when others were let in meanwhile. */
export class Source {
  readonly #place: Place;
  readonly #handle: FileHandle;

  constructor(place: Place, handle: FileHandle) {
    this.#place = place;
    this.#handle = handle;
  }

  async state(): Promise<FileState> {
    const { path, uid } = this.#place;
    try {
      return checkPrivate(await this.#handle.stat({ bigint: true }), path, uid);
    } catch (cause) {
      throw faultOf(cause, "read", path);
    }
  }

  /** Fills `bytes` from `position` on, or as much of them as there is. */
  async read(position: number, bytes: Buffer): Promise<Buffer> {
    let filled = 0;
    try {
      while (filled < bytes.length) {
        const { bytesRead } = await this.#handle.read(bytes, filled, bytes.length - filled, position + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
    } catch (cause) {
      throw faultOf(cause, "read", this.#place.path);
    }
    return bytes.subarray(0, filled);
  }

  /**
   * Passes what stands between two positions to `consume`, piece by piece.
   * @param keeps - Whether the pieces must stay as they are. Where they need not, one buffer serves for all.
   */
  async pieces(from: number, to: number, keeps: boolean, consume: Consume): Promise<void> {
    let at = from;
    let piece = PIECE;
    let scratch: Buffer | null = null;
    while (at < to) {
      const length = Math.min(piece, to - at);
      if (scratch === null || scratch.length < length || keeps) scratch = Buffer.allocUnsafeSlow(length);
      const bytes = await this.read(at, scratch.subarray(0, length));
      const done = await consume(bytes, at);
      at += done;
      if (bytes.length < length || at + bytes.length - done === to) break;
      // A line longer than the piece: take more at once.
      piece = done === 0 ? piece * 2 : PIECE;
    }
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}
